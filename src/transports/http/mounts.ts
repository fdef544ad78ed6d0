// Mounts: parts of the address space that another engine answers. It takes every request with its prefix, behind the
// same checks.
//
//     /ws/lobby/ada      an upgrade, for WebSocket
//     /socket.io/…       requests and upgrades, for Socket.IO
//
// An offer to upgrade that no mount takes is served as a request without it, the last of its connection.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Undo } from '../../core/clock.js'
import type { Identity } from '../../core/people/identity.js'
import type { RequestAuth } from './request-auth.js'
import { problem, type Reply } from './answer.js'
import { checkFraming } from './framing.js'
import type { Origins } from './origins.js'
import { headLines } from './fast/wire.js'

export type Mount = {
  /** Such as `/ws/`. */
  readonly prefix: string
  /**
   * Takes a request; without it the mount takes only upgrades. `identity`: the person's, where authentication tells
   * it.
   */
  readonly request?: (incoming: IncomingMessage, response: ServerResponse, identity: Identity | undefined) => void
  /** Takes a socket for another protocol; throws or rejects to refuse. */
  readonly upgrade: (
    incoming: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    identity: Identity | undefined,
  ) => void | Promise<void>
}

export type Upgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void

export class Mounts {
  readonly #origins: Origins
  readonly #requestAuth: RequestAuth | undefined
  readonly #mounts = new Set<Mount>()

  constructor(origins: Origins, requestAuth: RequestAuth | undefined) {
    this.#origins = origins
    this.#requestAuth = requestAuth
  }

  add(mount: Mount): Undo {
    this.#mounts.add(mount)
    return () => this.#mounts.delete(mount)
  }

  /** Does a mount take this request? `base`: what addresses begin with. */
  has(incoming: Addressed, base: string): boolean {
    return this.#mounts.size > 0 && this.#find(incoming, base)?.request !== undefined
  }

  /** Does a mount take an upgrade at this address? */
  hasUpgrade(incoming: Addressed, base: string): boolean {
    return this.#find(incoming, base) !== undefined
  }

  /** Hands over a request that has passed the check of its origin and authentication. True when a mount took it. */
  take(incoming: IncomingMessage, response: ServerResponse, base: string, identity: Identity | undefined): boolean {
    if (this.#mounts.size === 0) return false
    const request = this.#find(incoming, base)?.request
    if (request === undefined) return false
    this.#origins.checkOrigin(incoming)
    request(strip(incoming, base), response, identity)
    return true
  }

  /** The prefix of the mount that takes this address. It is a word of ours, and not of the client's. */
  prefixOf(incoming: Addressed, base: string): string | undefined {
    return this.#find(incoming, base)?.prefix
  }

  /**
   * Hands over an upgrade. A socket that no mount upgrades is served `again`. `done` is called for each socket that a
   * mount took, with the error if there was one.
   */
  upgrade(
    base: string,
    again: (socket: Duplex) => void,
    done: (incoming: IncomingMessage, prefix: string | undefined, error?: unknown) => void,
  ): Upgrade {
    return (incoming, socket, head) => {
      const mount = this.#find(incoming, base)
      const refuse = (error: unknown): void => {
        done(incoming, mount?.prefix, error)
        const reply = problem(error)
        writeReply(socket, incoming.method === 'HEAD' ? { ...reply, body: '' } : reply)
      }
      try {
        // Checked as it came: a request that is served again has fewer headers.
        this.#origins.check(incoming)
        checkFraming(incoming)
        if (mount === undefined) {
          socket.unshift(Buffer.concat([withoutUpgrade(incoming), head]))
          return again(socket)
        }
        this.#origins.checkOrigin(incoming)
        const go = (identity?: Identity): void | Promise<void> =>
          mount.upgrade(strip(incoming, base), socket, head, identity)
        const authenticated = this.#requestAuth?.authenticate(incoming, true)
        const result =
          authenticated instanceof Promise
            ? authenticated.then(({ identity }) => go(identity))
            : go(authenticated?.identity)
        if (result instanceof Promise) result.then(() => done(incoming, mount.prefix), refuse)
        else done(incoming, mount.prefix)
      } catch (error) {
        refuse(error)
      }
    }
  }

  #find({ url = '' }: Addressed, base: string): Mount | undefined {
    for (const mount of this.#mounts) if (url.startsWith(base + mount.prefix)) return mount
    return undefined
  }
}

type Addressed = Pick<IncomingMessage, 'url'>

/** An engine does not know the base. */
function strip(incoming: IncomingMessage, base: string): IncomingMessage {
  if (base !== '') incoming.url = incoming.url?.slice(base.length) ?? ''
  return incoming
}

/** Headers that only offer another protocol. */
const OFFERS = new Set(['connection', 'upgrade', 'http2-settings'])

/** The head of a request as if it offered no upgrade: a server need not accept one (RFC 9110, section 7.8). */
function withoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let head = `${method} ${url} HTTP/${httpVersion}\r\nConnection: close\r\n`
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (!OFFERS.has(rawHeaders[i]?.toLowerCase() ?? '')) head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`
  return Buffer.from(`${head}\r\n`, 'latin1')
}

/** An answer written past `node:http`, which has none for an upgrade. */
export function writeReply(socket: Duplex, { status, headers, body }: Reply): void {
  const head = `${headLines(status, headers)}Connection: close\r\n\r\n`
  // Written, flushed and closed. A socket whose last answer is still on its way closes by itself.
  if (socket.writable) socket.end(head + String(body), () => socket.destroy())
  else if (!socket.writableEnded) socket.destroy()
}
