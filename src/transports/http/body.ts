// A request's body, counted while it is read: nobody is believed about how long it will be.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { ChatError } from '../../core/errors.js'
import { findHeader } from './header.js'

export const BODY_BYTES = 64 * 1024

/** Reads the whole body. Throws `too_large` past 64 KiB; never settles for a client that went away. */
export function readBody(incoming: IncomingMessage, response: ServerResponse): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (incoming.readableEnded)
      return reject(new Error('something else read the body first: put chat.handler before every body parser'))
    const tooLarge = (): void =>
      reject(new ChatError('too_large', `the body is too large: at most ${BODY_BYTES} bytes`))
    const { rawHeaders } = incoming
    if (Number(findHeader(rawHeaders, 'content-length') ?? 0) > BODY_BYTES) return tooLarge()
    if (findHeader(rawHeaders, 'expect')?.toLowerCase() === '100-continue') response.writeContinue()
    const chunks: Buffer[] = []
    let length = 0
    const take = (chunk: Buffer): void => {
      length += chunk.length
      if (length <= BODY_BYTES) return void chunks.push(chunk)
      incoming.off('data', take)
      tooLarge()
    }
    incoming.on('data', take)
    incoming.on('end', () =>
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
    )
    incoming.on('error', () => undefined) // A client that hangs up in the middle gets no answer; its socket is gone.
  })
}
