// A request's body, counted while it is read: nobody is believed about how long it will be.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Undo } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import { LONG, type PendingAnswers } from '../../core/pending-answers.js'
import { findHeader } from './header.js'

export const BODY_BYTES = 64 * 1024

/**
 * Reads the whole body. Throws `too_large` past 64 KiB; never settles for a client that went away. A long one is counted
 * in `pending` while it comes: where there are too many of them, the one that has taken longest is cut.
 */
export function readBody(
  incoming: IncomingMessage,
  response: ServerResponse,
  pending: PendingAnswers,
): Promise<Buffer> {
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
    let counted: Undo | undefined
    const take = (chunk: Buffer): void => {
      length += chunk.length
      if (length > LONG) counted ??= pending.add(chunks, BODY_BYTES, () => incoming.socket.destroy())
      if (length <= BODY_BYTES) return void chunks.push(chunk)
      incoming.off('data', take)
      tooLarge()
    }
    incoming.on('data', take)
    incoming.on('end', () => {
      const [only] = chunks
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks))
      chunks.length = 0
      counted?.()
    })
    incoming.on('close', () => counted?.())
    incoming.on('error', () => undefined) // A client that hangs up in the middle gets no answer; its socket is gone.
  })
}
