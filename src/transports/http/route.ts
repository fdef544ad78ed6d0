// A route: a method, a path, and what to do. It gets a parsed request and an `answer` to call, once, now or later. It
// knows no socket and no `ServerResponse`.

import type { Auth } from '../../auth/auth.js'
import type { Secret } from '../../auth/secret.js'
import type { Chat } from '../../core/chat.js'
import type { ConnectionLimit } from '../../core/people/limits.js'
import type { Metrics } from '../../core/metrics.js'
import type { Reply } from './answer.js'
import type { Encoder } from './encode.js'
import type { EventStreams } from './eventstream.js'
import type { StreamReply } from './stream-reply.js'
import type { Packer } from './packer.js'
import type { Shelf } from '../../files/shelf.js'
import type { Parking } from './parking.js'
import type { Request } from './request.js'

/** Answers the request. A second call, or one after the connection has gone, does nothing. */
export type Answer = (reply: Reply | StreamReply) => void

/** The parts of the server that routes may use. */
export type Context = {
  readonly chat: Chat
  readonly metrics: Metrics
  readonly encoder: Encoder
  readonly packer: Packer
  readonly eventStreams: EventStreams
  readonly parking: Parking
  /** How many readers wait for each address; undefined without a proxy, where sockets are counted instead. */
  readonly readers: ConnectionLimit | undefined
  readonly version: string
  /** What every path begins with, such as `/chat`; empty by default. */
  readonly base: string
  /** Authentication, where the chat has any. */
  readonly auth: Auth | undefined
  /** The key that makes a session a moderator; undefined where there are no moderators. */
  readonly adminKey: Secret | undefined
  /** The files that people send; undefined where they send none. */
  readonly files: Shelf | undefined
  /** Where other machines reach this server. Empty where it listens on loopback alone, or behind a proxy. */
  readonly addresses: () => readonly string[]
  /** The seconds that a poll waits by default. */
  readonly waitSeconds: number
  /** Should the process be given work? */
  readonly ready: () => boolean
  /** Is the server stopping? Then no poll is parked any more. */
  readonly stopping: () => boolean
}

export type Route = {
  readonly method: 'GET' | 'POST'
  /** One that ends with `{id}` stands for every path that has one part more. */
  readonly path: string
  /**
   * For chats with authentication: `open` asks for nothing, `login` accepts a proof of identity. Every other route
   * needs authentication.
   */
  readonly auth?: 'open' | 'login'
  /** Does it take its body as it comes, whatever its length? */
  readonly isStreamed?: true
  /**
   * Has the chat what this route is for? By default it has. If not, the route refuses, and where the chat is inside
   * another program, the address is that program's.
   */
  readonly isServed?: (context: Context) => boolean
  /** Throws a `ChatError`, or rejects with one, to refuse. */
  handle(request: Request, answer: Answer, context: Context): void | Promise<void>
}
