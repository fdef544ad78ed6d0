// An answer as it goes over the wire, head and body in one buffer. Readers at one place are given the same answer one
// after the other, so the last answer is kept.

import { STATUS_CODES } from 'node:http'
import type { Clock } from '../../../core/clock.js'
import type { Reply } from '../answer.js'

/** `isLast`: no more answers follow on the connection. */
export type WireBytes = { readonly bytes: Buffer; readonly isLast: boolean }

type Head = Pick<Reply, 'status' | 'headers'>

export class Wire {
  readonly #clock: Clock
  readonly #keepAlive: string
  #last: { readonly reply: Reply; readonly encoded: WireBytes } | undefined
  #second = 0
  #date = ''

  /** `idleMs`: how long a connection may be idle. The client is told. */
  constructor(idleMs: number, clock: Clock) {
    this.#clock = clock
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(idleMs / 1000)}\r\n`
  }

  encode(reply: Reply): WireBytes {
    if (this.#last?.reply === reply) return this.#last.encoded
    const encoded = this.#encode(reply)
    this.#last = { reply, encoded }
    return encoded
  }

  /** The head of an answer that ends with its connection. */
  streamHead(reply: Head): string {
    return this.#head(reply, closes(reply.headers) ? '' : 'Connection: close\r\n')
  }

  #encode(reply: Reply): WireBytes {
    const { headers, body, encoding = 'utf8' } = reply
    const isLast = closes(headers)
    const head = this.#head(reply, isLast ? '' : this.#keepAlive)
    const bytes =
      typeof body === 'string' ? Buffer.from(head + body, encoding) : Buffer.concat([Buffer.from(head), body])
    return { bytes, isLast }
  }

  #head({ status, headers }: Head, connection: string): string {
    return `${headLines(status, headers)}Date: ${this.#dateNow()}\r\n${connection}\r\n`
  }

  /** The date as RFC 9110, section 5.6.7, has it; made once a second. */
  #dateNow(): string {
    const now = this.#clock.date()
    if (Math.abs(now - this.#second) >= 1000) {
      this.#second = now - (now % 1000)
      this.#date = new Date(now).toUTCString()
    }
    return this.#date
  }
}

/** The first line of an answer and its headers, each with its end. */
export function headLines(status: number, headers: readonly string[]): string {
  let lines = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`
  return lines
}

/** Is an answer with these headers the last of its connection? */
export function closes(headers: readonly string[]): boolean {
  const at = headers.indexOf('Connection')
  return at >= 0 && headers[at + 1] === 'close'
}
