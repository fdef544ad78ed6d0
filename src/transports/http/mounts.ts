// Parts of the address space that are not ours to answer: another engine takes whatever begins with its prefix,
// behind the same gate.
//
//     /ws/lobby/ada      an upgrade, for WebSocket
//     /socket.io/…       requests and upgrades, for Socket.IO
//
// Without a mount nobody listens for upgrades, and `node:http` takes a request that asks for one as if it had not.

import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Undo } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import type { Grant } from '../../core/grant.js'
import type { Admission } from './admission.js'
import { problem, type Reply } from './answer.js'
import type { Gate } from './gate.js'
import { headLines } from './wire.js'

export type Mount = {
  /** Such as `/ws/`. */
  readonly prefix: string
  /** Takes a request; without it only upgrades are taken. `grant`: what the door found out, where there is one. */
  readonly request?: (incoming: IncomingMessage, response: ServerResponse, grant: Grant | undefined) => void
  /** Takes a socket that wants another protocol; throws or rejects to say no. */
  readonly upgrade: (
    incoming: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    grant: Grant | undefined,
  ) => void | Promise<void>
}

export type Upgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void

export class Mounts {
  readonly #gate: Gate
  readonly #base: string
  readonly #admission: Admission | undefined
  readonly #mounts = new Set<Mount>()

  constructor(gate: Gate, base: string, admission: Admission | undefined) {
    this.#gate = gate
    this.#base = base
    this.#admission = admission
  }

  add(mount: Mount): Undo {
    this.#mounts.add(mount)
    return () => this.#mounts.delete(mount)
  }

  /** Is there something that takes this request? */
  has(incoming: IncomingMessage): boolean {
    return this.#mounts.size > 0 && this.#find(incoming)?.request !== undefined
  }

  /** Hands a request over that has passed the gate and the door. True when it was taken. */
  take(incoming: IncomingMessage, response: ServerResponse, grant: Grant | undefined): boolean {
    if (this.#mounts.size === 0) return false
    const request = this.#find(incoming)?.request
    if (request === undefined) return false
    this.#gate.checkOrigin(incoming)
    request(this.#strip(incoming), response, grant)
    return true
  }

  /** Hands an upgrade over; one that nobody takes is `handler`'s. `refused` is told of what went wrong. */
  upgrade(
    handler: (incoming: IncomingMessage, response: ServerResponse) => void,
    refused: (error: unknown) => void,
  ): Upgrade {
    return (incoming, socket, head) => {
      socket.on('error', () => undefined) // A peer that vanished: whoever has the socket hears of its close.
      const mount = this.#find(incoming)
      if (mount === undefined) return ignoreUpgrade(incoming, socket, handler)
      const refuse = (error: unknown): void => {
        refused(error)
        writeReply(socket, problem(error))
      }
      try {
        this.#gate.check(incoming)
        this.#gate.checkOrigin(incoming)
        const go = (grant?: Grant): void | Promise<void> => mount.upgrade(this.#strip(incoming), socket, head, grant)
        const admitted = this.#admission?.door(incoming, true)
        const result = admitted instanceof Promise ? admitted.then(({ grant }) => go(grant)) : go(admitted?.grant)
        if (result instanceof Promise) result.catch(refuse)
      } catch (error) {
        refuse(error)
      }
    }
  }

  #find({ url = '' }: IncomingMessage): Mount | undefined {
    for (const mount of this.#mounts) if (url.startsWith(this.#base + mount.prefix)) return mount
    return undefined
  }

  /** An engine knows nothing of the base. */
  #strip(incoming: IncomingMessage): IncomingMessage {
    if (this.#base !== '') incoming.url = incoming.url?.slice(this.#base.length) ?? ''
    return incoming
  }
}

/** Nobody has to upgrade (RFC 9110, section 7.8): the request is answered as it is, if it has no body, and the connection closes. */
function ignoreUpgrade(
  incoming: IncomingMessage,
  socket: Duplex,
  handler: (incoming: IncomingMessage, response: ServerResponse) => void,
): void {
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
    return writeReply(
      socket,
      problem(new ChatError('bad_request', 'nothing is upgraded here: send the request without Upgrade')),
    )
  }
  const response = new ServerResponse(incoming)
  response.shouldKeepAlive = false
  response.assignSocket(incoming.socket)
  response.on('finish', () => socket.end())
  handler(incoming, response)
}

/** An answer written past `node:http`, which has none for an upgrade. */
export function writeReply(socket: Duplex, { status, headers, body }: Reply): void {
  const head = `${headLines(status, headers)}Connection: close\r\n\r\n`
  // Written, flushed and closed.
  if (socket.writable) socket.end(head + String(body), () => socket.destroy())
  else socket.destroy()
}
