// Reads the body of a request, and counts it meanwhile: what the client says about its length is not trusted.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Undo } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import { LONG, type PendingAnswers } from '../../core/pending-answers.js'
import { findHeader } from './header.js'

export const BODY_BYTES = 64 * 1024

/**
 * Reads the whole body. Throws `too_large` past 64 KiB; never settles for a client that went away. A long body is
 * counted in `pending` while it comes: when there are too many of them, the one that has taken longest is cut.
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
    const said = Number(findHeader(rawHeaders, 'content-length') ?? BODY_BYTES)
    if (said > BODY_BYTES) return tooLarge()
    if (findHeader(rawHeaders, 'expect')?.toLowerCase() === '100-continue') response.writeContinue()
    const body = new PartialBody(said)
    let counted: Undo | undefined
    const take = (chunk: Buffer): void => {
      const length = body.length + chunk.length
      if (length > LONG) counted ??= pending.add(body, BODY_BYTES, () => incoming.socket.destroy())
      if (length <= BODY_BYTES) return body.add(chunk)
      incoming.off('data', take)
      body.take()
      tooLarge()
    }
    incoming.on('data', take)
    incoming.on('end', () => {
      resolve(body.take())
      counted?.()
    })
    incoming.on('close', () => counted?.())
    incoming.on('error', () => undefined) // A client that hangs up in the middle gets no answer; its socket is gone.
  })
}

/**
 * Hands a body over as it comes, each chunk when the one before was taken: what is not taken yet waits in the client.
 * Rejects with what `take` does, and where the client hangs up.
 */
export function streamBody(
  incoming: IncomingMessage,
  response: ServerResponse,
  take: (chunk: Buffer) => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (incoming.readableEnded)
      return reject(new Error('something else read the body first: put chat.handler before every body parser'))
    if (findHeader(incoming.rawHeaders, 'expect')?.toLowerCase() === '100-continue') response.writeContinue()
    let taken = Promise.resolve()
    let isEnded = false
    const onData = (chunk: Buffer): void => {
      incoming.pause()
      taken = take(chunk)
      taken.then(
        () => incoming.resume(),
        (error: Error) => {
          incoming.off('data', onData)
          reject(error)
        },
      )
    }
    incoming.on('data', onData)
    // The end may be known while the last chunk is still being taken.
    incoming.on('end', () => {
      isEnded = true
      taken.then(resolve, reject)
    })
    incoming.on('error', () => undefined) // `close` follows.
    incoming.on('close', () => {
      if (!isEnded) reject(new ChatError('bad_request', 'the body ended before all of it was there'))
    })
  })
}

const NOTHING = Buffer.alloc(0)

/** A body gets room for so many times what has come of it: its length is not trusted at once. */
const GROWTH = 8

/**
 * The part of a body that has come. Each chunk is copied behind the others: a list of chunks of one byte would take
 * two hundred times their bytes.
 */
class PartialBody {
  length = 0
  /** The first chunk as it came, or a buffer of our own with room for more. */
  #bytes: Buffer = NOTHING
  readonly #most: number

  /** `most`: the length that the client gave, or the most that a body may have. */
  constructor(most: number) {
    this.#most = most
  }

  add(chunk: Buffer): void {
    const length = this.length + chunk.length
    if (this.length === 0) this.#bytes = chunk
    else {
      if (length > this.#bytes.length) this.#grow(Math.max(length, Math.min(GROWTH * length, this.#most)))
      this.#bytes.set(chunk, this.length)
    }
    this.length = length
  }

  /** All of it. It is not kept any longer. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.length)
    this.#bytes = NOTHING
    return bytes
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(size)
    larger.set(this.#bytes.subarray(0, this.length))
    this.#bytes = larger
  }
}
