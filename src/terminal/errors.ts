// What to tell a person when a request failed: the server's own sentence, or what to look at.

import { Refused } from '../client/index.js'
import { ChatError } from '../core/errors.js'

export function sentenceOf(error: unknown, url: string): string {
  if (error instanceof Refused || error instanceof ChatError) return error.message
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `no machine has the name in ${url}: check the address`
  if (typeof code === 'string' && /^[A-Z_]+$/.test(code))
    return `nobody answers at ${url} (${code}): start a server there with \`mini-chat\`, or give another address`
  if (error instanceof TypeError) return `nobody answers at ${url}: check the address`
  if (error instanceof Error && error.name === 'AbortError') return `${url} takes too long to answer: try again`
  return `what answers at ${url} is no mini-chat: check the address`
}
