// Follows rooms: the long-polling loop, once, for everybody who needs it.
//
//     for await (const event of follow({ url: 'http://localhost:8000', rooms: ['lobby'] })) {
//       if (event.kind === 'message') console.log(event.message.username, event.message.text)
//     }
//
//     poll ── answer ──> events, then poll again from `next`
//       └──── failure ─> wait (backoff, or what the server asked for), then poll again from the same place
//
// The cursor moves with each answer, which is handed over whole, so a message comes once, in order, or a gap says
// what is missing. Nothing here ever gives up on a network: only a refusal ends it.

import { backoffMs } from './backoff.js'
import { type Platform, standardPlatform } from './platform.js'
import { type Gap, type Message, type PollAnswer, poll, type Presence, Refused } from './wire.js'

export type FollowOptions = {
  /** Where the server is, without a slash at the end. Default: where the page came from. */
  readonly url?: string
  readonly rooms: readonly string[]
  /** Where to go on: the `next` of an earlier answer, a number for one room, or `now`. Default: the newest messages. */
  readonly since?: string
  /** Should members and typing be told too? */
  readonly presence?: boolean
  /** Seconds that the server may hold a poll. */
  readonly wait?: number
  /** How many messages a room may have in one answer, 1 to 500, and so how many of the past come first. */
  readonly limit?: number
  /** The session's token, asked for before each poll. */
  readonly token?: () => string | undefined
  /** The session is over: join again, or throw. Without it a 401 ends the following. */
  readonly onUnauthorized?: () => Promise<void>
  readonly signal?: AbortSignal
  readonly platform?: Platform
}

export type FollowEvent =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'gap'; readonly gap: Gap }
  | { readonly kind: 'presence'; readonly rooms: Readonly<Record<string, Presence>> }
  /**
   * An answer came, and all of it has been handed over. `next`: the cursor to keep. `more`: the next one comes at
   * once, with what the limit cut off. `now`: the server's clock.
   */
  | { readonly kind: 'live'; readonly next: string; readonly more: boolean; readonly now: number }
  /** The connection is lost (`network`), or the server asked for patience (`server`); the next try is in `ms`. */
  | { readonly kind: 'waiting'; readonly reason: 'network' | 'server'; readonly ms: number }

export type Following = AsyncIterable<FollowEvent> & {
  /** Polls at once: the network is back, the page is seen again, or the clock jumped. */
  hurry(): void
  /** Follows other rooms from now on; those that stay go on where they are. */
  setRooms(rooms: readonly string[]): void
  /** Ends it; what is iterating comes to its end. */
  close(): void
}

const WAIT_SECONDS = 25

/** How much longer than its wait a poll may take before the connection counts as dead. */
const GRACE_MS = 10_000

/** Starts with the first iteration. Throws `Refused` while iterating when the server says no for good. */
export function follow(options: FollowOptions): Following {
  return new Loop(options)
}

class Loop implements Following {
  readonly #options: FollowOptions
  readonly #platform: Platform
  #rooms: readonly string[]
  #since: string | undefined
  #failures = 0
  #closed = false
  /** Set while a poll or a wait is under way: ends it early. */
  #interrupt: (() => void) | undefined
  #hurried = false

  constructor(options: FollowOptions) {
    this.#options = options
    this.#platform = options.platform ?? standardPlatform
    this.#rooms = options.rooms
    this.#since = options.since
    options.signal?.addEventListener('abort', () => this.close(), { once: true })
    if (options.signal?.aborted === true) this.#closed = true
  }

  hurry(): void {
    this.#hurried = true
    this.#interrupt?.()
  }

  setRooms(rooms: readonly string[]): void {
    this.#since = keepCursor(this.#since, this.#rooms, rooms)
    this.#rooms = rooms
    this.hurry()
  }

  close(): void {
    this.#closed = true
    this.#interrupt?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FollowEvent> {
    while (!this.#closed) {
      const rooms = this.#rooms
      const answer = await this.#poll()
      if (this.#closed) return
      // An answer to rooms that are no longer followed is thrown away: the next one has it too.
      if (answer instanceof Error || rooms !== this.#rooms) {
        if (answer instanceof Error && !this.#hurried) yield* this.#wait('network', this.#patience(answer))
        continue
      }
      this.#failures = 0
      // Before it is handed over: whoever changes the rooms meanwhile must not be given the same messages again.
      this.#since = answer.next
      yield* eventsOf(answer)
      yield { kind: 'live', next: answer.next, more: answer.more, now: answer.now }
      if (answer.retry !== undefined) yield* this.#wait('server', answer.retry)
    }
  }

  /** One poll. Returns what went wrong when it is worth another try, and throws when it is not. */
  async #poll(): Promise<PollAnswer | Error> {
    const { url = '', token, onUnauthorized } = this.#options
    // After trouble the first answer should come at once: it tells that all is well again.
    const wait = this.#failures > 0 || this.#hurried ? 0 : (this.#options.wait ?? WAIT_SECONDS)
    this.#hurried = false
    const controller = new AbortController()
    this.#interrupt = () => controller.abort()
    try {
      const timeoutMs = wait * 1000 + GRACE_MS
      return await poll(this.#platform, {
        url,
        path: this.#path(wait),
        token: token?.(),
        signal: controller.signal,
        timeoutMs,
      })
    } catch (error) {
      this.#failures++
      if (error instanceof Refused && error.status === 401 && onUnauthorized !== undefined)
        return await this.#renew(error, onUnauthorized)
      if (error instanceof Refused && error.isFinal) throw error
      return error instanceof Error ? error : new Error(String(error))
    } finally {
      this.#interrupt = undefined
    }
  }

  /** Joins again. Once that worked the next poll goes at once; a server that still says 401 is given time. */
  async #renew(refused: Refused, onUnauthorized: () => Promise<void>): Promise<Error> {
    try {
      await onUnauthorized()
    } catch (error) {
      if (error instanceof Refused && error.isFinal) throw error
      return error instanceof Error ? error : new Error(String(error))
    }
    if (this.#failures === 1) this.#hurried = true
    return refused
  }

  #path(wait: number): string {
    const rooms = this.#rooms.map((room) => `room=${encodeURIComponent(room)}`).join('&')
    const since = this.#since === undefined ? '' : `&since=${encodeURIComponent(this.#since)}`
    const limit = this.#options.limit === undefined ? '' : `&limit=${this.#options.limit}`
    return `/poll?${rooms}${since}&wait=${wait}${limit}${this.#options.presence === true ? '&presence=1' : ''}`
  }

  #patience(error: Error): number {
    const ms = backoffMs(this.#failures, this.#platform.fraction())
    return error instanceof Refused ? Math.max(error.retryAfterMs ?? 0, ms) : ms
  }

  async *#wait(reason: 'network' | 'server', ms: number): AsyncGenerator<FollowEvent> {
    yield { kind: 'waiting', reason, ms }
    if (this.#closed || this.#hurried) return
    await new Promise<void>((resolve) => {
      const undo = this.#platform.after(ms, resolve)
      this.#interrupt = () => {
        undo()
        resolve()
      }
    })
    this.#interrupt = undefined
    if (reason === 'server') this.#hurried = true
  }
}

function* eventsOf(answer: PollAnswer): Generator<FollowEvent> {
  for (const gap of answer.gaps) yield { kind: 'gap', gap }
  for (const message of answer.messages) yield { kind: 'message', message }
  if (answer.rooms !== undefined) yield { kind: 'presence', rooms: answer.rooms }
}

/**
 * The cursor for other rooms than before. A cursor for one room does not name it, so among several it would be
 * lost: it is given its room's name, in the form that the server itself writes.
 */
function keepCursor(
  cursor: string | undefined,
  before: readonly string[],
  after: readonly string[],
): string | undefined {
  const [only] = before
  if (cursor === undefined || only === undefined || before.length > 1 || !/^[0-9a-z]{8}\.\d+(~|$)/.test(cursor))
    return cursor
  return after.includes(only) ? `${only}.${cursor}` : undefined
}
