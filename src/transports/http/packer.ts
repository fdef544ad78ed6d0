// Compresses long answers for a client that takes gzip (RFC 9110, section 12.5.3).
//
//     body ── over 1 KiB? ── up to 128 KiB: now ── longer: on another thread, in its turn
//               └── no: as it is
//
// An answer is compressed once for all clients that are given it. Compressing may take only a share of the time. Past
// it an answer goes out as it is, which costs less under load. An answer with a secret is never compressed: its
// length would tell something about the secret to an attacker who chooses the text beside it
// (https://www.breachattack.com/). For the same reason two rooms are never compressed together where people
// authenticate: a person who writes in one may not be allowed to read the other.

import { promisify } from 'node:util'
import { constants, gzip, gzipSync } from 'node:zlib'
import type { Clock } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import { Turns } from '../../core/turns.js'
import type { Reply } from './answer.js'
import { takesGzip } from './header.js'
import type { Request } from './request.js'

/** A shorter body saves no packet. */
const LEAST_BYTES = 1024

/** A body up to this size is compressed at once, which takes half a millisecond. */
const AT_ONCE_BYTES = 128 * 1024

/** How many longer bodies are compressed at one time, and how many may wait. */
const LATER = { places: 2, waiting: 100 }

/** One part in five of the time may go into compressing at once; a rest is at most so many milliseconds. */
const REST = 4
const MOST_REST_MS = 20

const OPTIONS = { level: constants.Z_BEST_SPEED }
const gzipLater = promisify<string | Buffer, typeof OPTIONS, Buffer>(gzip)

export class Packer {
  readonly #clock: Clock
  readonly #turns: Turns
  readonly #packed = new WeakMap<Reply, Reply>()
  readonly #packing = new WeakMap<Reply, Promise<void>>()
  #restUntil = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
    this.#turns = new Turns(clock, LATER.places, LATER.waiting)
  }

  /** The answer for this client: compressed if that is allowed, wanted and worth the time. */
  reply(reply: Reply, request: Pick<Request, 'header'>): Reply {
    if (reply.isOpen !== true || reply.body.length <= LEAST_BYTES || !takesGzip(request)) return reply
    const known = this.#packed.get(reply)
    if (known !== undefined) return known
    const began = this.#clock.now()
    if (reply.body.length > AT_ONCE_BYTES || began < this.#restUntil) return reply
    const packed = this.#keep(reply, gzipSync(reply.body, OPTIONS))
    const end = this.#clock.now()
    this.#restUntil = end + Math.min(MOST_REST_MS, REST * (end - began))
    return packed
  }

  /** Compresses a long answer on another thread, for `reply` to find; undefined where there is nothing to wait for. */
  prepare(reply: Reply, request: Pick<Request, 'header'>): Promise<void> | undefined {
    if (reply.isOpen !== true || reply.body.length <= AT_ONCE_BYTES || this.#packed.has(reply)) return undefined
    if (!takesGzip(request)) return undefined
    let packing = this.#packing.get(reply)
    if (packing === undefined) this.#packing.set(reply, (packing = this.#packLater(reply)))
    return packing
  }

  async #packLater(reply: Reply): Promise<void> {
    try {
      this.#keep(reply, await this.#turns.run(() => gzipLater(reply.body, OPTIONS)))
    } catch (error) {
      // Too many answers wait: this one goes out as it is.
      if (!(error instanceof ChatError)) throw error
    }
  }

  #keep(reply: Reply, body: Buffer): Reply {
    const headers = reply.headers.map((value, i, all) =>
      all[i - 1] === 'Content-Length' ? String(body.length) : value,
    )
    const packed = { status: reply.status, headers: [...headers, 'Content-Encoding', 'gzip'], body }
    this.#packed.set(reply, packed)
    return packed
  }
}
