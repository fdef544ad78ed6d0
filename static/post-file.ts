// Takes a file to the server. By `XMLHttpRequest`, because `fetch` does not tell how far an upload is.

import { refusal } from '../src/client/wire.js'
import { asFields, asString } from './storage.js'

/** Resolves with the file's id; throws `Refused`. `tell`: how much of it is there, from 0 to 1. */
export function postFile(
  address: string,
  token: string | undefined,
  file: File,
  signal: AbortSignal,
  tell: (fraction: number) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', address)
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    if (token !== undefined) request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.responseType = 'json'
    request.upload.addEventListener('progress', ({ loaded, total }) => tell(loaded / total))
    request.addEventListener('load', () => {
      const id = asString(asFields(asFields(request.response)['file'])['id'])
      if (request.status === 201 && id !== '') resolve(id)
      else reject(refusal(request.status, request.response, request.getResponseHeader('retry-after')))
    })
    for (const end of ['error', 'abort', 'timeout'])
      request.addEventListener(end, () => reject(new Error('the file did not get there')))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}
