// What to tell a person when a request failed: the server's own sentence, or where to look.

import { Refused } from '../client/index.js'
import { ChatError } from '../core/errors.js'

export function sentenceOf(error: unknown, url: string): string {
  if (error instanceof Refused || error instanceof ChatError) return error.message
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (typeof code === 'string') return sentenceOfCode(code, url)
  if (error instanceof TypeError) return `nobody answers at ${url}: check the address`
  if (error instanceof Error && /^(?:Abort|Timeout)Error$/.test(error.name))
    return `${url} takes too long to answer: try again`
  return notOursAt(url)
}

export function notOursAt(url: string): string {
  return `what answers at ${url} is no mini-chat: check the address`
}

/** The codes are Node's, OpenSSL's and undici's. */
function sentenceOfCode(code: string, url: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `no machine has the name in ${url}: check the address`
  if (/^(?:HPE_|UND_ERR_SOCKET$|ECONNRESET$)/.test(code)) return notOursAt(url)
  if (/^(?:ERR_SSL_|EPROTO$)/.test(code))
    return `what answers at ${url} is not encrypted: write http:// in place of https://`
  if (/CERT|LEAF_SIGNATURE/.test(code))
    return `the certificate of ${url} is not trusted (${code}): have NODE_EXTRA_CA_CERTS name the file of your authority`
  return `nobody answers at ${url} (${code}): start a server there with \`npx mini-chat\`, or give another address`
}
