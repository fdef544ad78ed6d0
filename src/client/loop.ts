// The long-polling loop, for every program that follows rooms.
//
//     poll ── answer ──> events, then poll again from `next`
//       └──── failure ─> wait (backoff, or what the server asked for), then poll again from the same place
//
// The cursor moves with each answer, which is handed over whole. So each message comes once and in order, or a gap
// says what is missing. The loop never gives up on a network: only a refusal ends it.

import { backoffMs } from './backoff.js'
import type { Entry, EntryOptions, Refusal } from './entry.js'
import { pathOf, type PollTarget, withRooms } from './poll-target.js'
import { type Platform, defaultPlatform } from './platform.js'
import { type Gap, isUnauthorized, type Message, type PollAnswer, poll, type PresenceState, Refused } from './wire.js'

export type FollowOptions = EntryOptions & {
  readonly rooms: readonly string[]
  /** Where to go on: the `next` of an earlier answer, a number for one room, or `now`. Default: the newest messages. */
  readonly since?: string
  /** Should members and typing be told too? */
  readonly presence?: boolean
  /** With `presence`: should it be told how far each member has read? A function is asked before each poll. */
  readonly seen?: boolean | (() => boolean)
  /** Seconds that the server may hold a poll. */
  readonly wait?: number
  /** The most messages a room in one answer, 1 to 500. So many of the past come first. */
  readonly limit?: number
  /** How many of the past come first, if it is not `limit`. */
  readonly past?: number
  readonly signal?: AbortSignal
}

export type FollowEvent =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'gap'; readonly gap: Gap }
  | { readonly kind: 'presence'; readonly rooms: Readonly<Record<string, PresenceState>> }
  /**
   * An answer came, and all of it has been handed over. `next`: the cursor to keep. `more`: the next answer comes at
   * once, with the messages that the limit cut off. `now`: the server's clock.
   */
  | { readonly kind: 'live'; readonly next: string; readonly more: boolean; readonly now: number }
  /** The connection is lost (`network`), or the server asked for a pause (`server`); the next try is in `ms`. */
  | { readonly kind: 'waiting'; readonly reason: 'network' | 'server'; readonly ms: number }

export type Following = AsyncIterable<FollowEvent> & {
  /** Polls at once: the network is back, the page is seen again, or the clock jumped. */
  hurry(): void
  /** Follows other rooms from now on. The rooms that stay go on where they are. */
  setRooms(rooms: readonly string[]): void
  /** Ends the loop, and with it the iteration. */
  close(): void
}

const WAIT_SECONDS = 25

/** A poll may take so much longer than its wait before the connection counts as dead. */
const GRACE_MS = 10_000

export class Loop implements Following {
  readonly #options: FollowOptions
  readonly #platform: Platform
  readonly #entry: Entry
  #place: PollTarget
  #failures = 0
  /** How often it got in again since the last answer. */
  #renewals = 0
  #closed = false
  /** Ends a poll or a wait early, while one is under way. */
  #interrupt: (() => void) | undefined
  #hurried = false

  constructor(options: FollowOptions, entry: Entry) {
    this.#options = options
    this.#platform = options.platform ?? defaultPlatform
    this.#entry = entry
    this.#place = { rooms: options.rooms, since: options.since }
    options.signal?.addEventListener('abort', () => this.close(), { once: true })
    if (options.signal?.aborted === true) this.#closed = true
  }

  hurry(): void {
    this.#hurried = true
    this.#interrupt?.()
  }

  setRooms(rooms: readonly string[]): void {
    this.#place = withRooms(this.#place, rooms)
    this.hurry()
  }

  close(): void {
    this.#closed = true
    this.#interrupt?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FollowEvent> {
    while (!this.#closed) {
      const { rooms } = this.#place
      const answer = await this.#poll()
      if (this.#closed) return
      // An answer about rooms that are no longer followed is thrown away: the next answer has its messages too.
      if (answer instanceof Error || rooms !== this.#place.rooms) {
        if (answer instanceof Error && !this.#hurried) yield* this.#wait('network', this.#patience(answer))
        continue
      }
      this.#failures = 0
      this.#renewals = 0
      // Before the answer is handed over: a caller that changes the rooms meanwhile must not be given the same
      // messages again.
      this.#place = { rooms, since: answer.next }
      yield* eventsOf(answer)
      yield { kind: 'live', next: answer.next, more: answer.more, now: answer.now }
      if (answer.retry !== undefined) yield* this.#wait('server', answer.retry)
    }
  }

  /** One poll. Returns an error when another try makes sense, and throws any other. */
  async #poll(): Promise<PollAnswer | Error> {
    const { url = '', presence, past, seen } = this.#options
    const limit = (this.#place.since === undefined ? past : undefined) ?? this.#options.limit
    // After trouble the first answer should come at once: it tells that all is well again.
    const wait = this.#failures > 0 || this.#hurried ? 0 : (this.#options.wait ?? WAIT_SECONDS)
    this.#hurried = false
    const [room = ''] = this.#place.rooms
    const shown = this.#entry.shown(room)
    const controller = new AbortController()
    this.#interrupt = () => controller.abort()
    try {
      return await poll(this.#platform, {
        ...shown,
        url,
        path: pathOf(this.#place, { wait, limit, presence, seen: typeof seen === 'function' ? seen() : seen }),
        signal: controller.signal,
        timeoutMs: wait * 1000 + GRACE_MS,
      })
    } catch (error) {
      this.#failures++
      return isUnauthorized(error) ? await this.#renew({ refused: error, room, shown }) : trouble(error)
    } finally {
      this.#interrupt = undefined
    }
  }

  /** Gets in again. If that worked, the next poll goes at once; a server that still answers 401 is given time. */
  async #renew(refusal: Refusal): Promise<Error> {
    try {
      await this.#entry.renew(refusal)
    } catch (error) {
      return trouble(error)
    }
    if (++this.#renewals === 1) this.#hurried = true
    return refusal.refused
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

/** Returns an error that is worth another try, and throws any other. */
function trouble(error: unknown): Error {
  if (error instanceof Refused && error.isFinal) throw error
  return error instanceof Error ? error : new Error(String(error))
}

function* eventsOf(answer: PollAnswer): Generator<FollowEvent> {
  for (const gap of answer.gaps) yield { kind: 'gap', gap }
  for (const message of answer.messages) yield { kind: 'message', message }
  if (answer.rooms !== undefined) yield { kind: 'presence', rooms: answer.rooms }
}
