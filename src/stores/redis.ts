// Keeps messages in Redis, or in a server that speaks like it (Valkey), so that many processes serve the same rooms.
//
//     append ──> lane of the room ──> one script a batch ──> stream, key, publish      lanes.ts, scripts.ts
//                                            └──> wake-ups to every process            follower.ts, followers.ts
//
// Redis decides the order, the ids, the epoch and the idempotency keys: whatever process a message comes to, there is
// one log. A wake-up carries the messages, and may be lost: only what is read by id counts. A message that Redis has
// acknowledged is as durable as Redis' own settings promise (docs/scaling.md).
//
// It is no queue. While Redis is away a message is refused, and not kept here for later.

import { ChatError } from '../core/errors.js'
import { KEY_MS } from '../core/rooms/idempotency.js'
import type { Clock, Random } from '../core/clock.js'
import { isChange } from '../core/rooms/change.js'
import type { Draft, Message } from '../core/rooms/message.js'
import type { Appended, History, Range, Store, Subscription, Deliver } from '../core/rooms/store.js'
import type { Logger } from '../log.js'
import { Link } from './redis/link.js'
import { arrayOf, parseBatch, parsePairs, parseListed, parseNews, parsePlace, textOf } from './redis/replies.js'
import { SCRIPTS } from './redis/scripts.js'
import { checkServer, passed, warnings } from './redis/trouble.js'
import { deliverHere, isClear, type Item, pageOf, settle } from './shared/batch.js'
import { type Found, type News, NOWHERE, type Place } from './shared/follower.js'
import { Followers } from './shared/followers.js'
import { Lanes } from './shared/lanes.js'

export type RedisOptions = {
  readonly url: string
  /** How many of the newest messages a new subscriber is given, and how many are kept where no time is given. */
  readonly recent: number
  /** How long messages are kept; without it the newest `recent` are kept. */
  readonly keepMs: number | undefined
  /** How long after its last message a room is forgotten; without it never. */
  readonly expireMs: number | undefined
  /** How many rooms are brought back at the start. */
  readonly rooms: number
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** A message to restore, and the epoch of the log that it was in. */
type Restored = { readonly message: Message; readonly epoch: string }

/** How often a room's entry in the index of all rooms is renewed. */
const INDEX_MS = 10_000
const MARKS = 2 ** 48

/**
 * Connects. Throws `UsageError` without the package redis, and `unavailable` with a sentence where Redis cannot be
 * used.
 */
export async function openRedis(options: RedisOptions): Promise<RedisStore> {
  const { url, log } = options
  let store: RedisStore | undefined
  const onAway = (reason: string | undefined): void => {
    if (reason === undefined) log.info('store_back')
    else log.error('store_away', `Redis is away (${reason}): messages are refused until it is back`)
  }
  const onBack = async (): Promise<void> => store?.reconcile()
  const link = await Link.open({ url, clock: options.clock, onAway, onBack }, 'mini-chat:probe')
  try {
    const server = checkServer(textOf(await link.ask(['INFO'])), url)
    // Where the configuration may not be read, nothing is known of it.
    const ask = (name: string): Promise<unknown> => link.ask(['CONFIG', 'GET', name]).catch(() => [])
    const answers = await Promise.all(['appendonly', 'save', 'maxmemory', 'maxmemory-policy'].map(ask))
    for (const warning of warnings(new Map(answers.flatMap((answer) => [...parsePairs(answer)]))))
      log.info('redis', { warning })
    store = new RedisStore(options, link, server.isSharded)
    await store.listRooms()
    return store
  } catch (error) {
    link.close()
    throw error
  }
}

export class RedisStore implements Store {
  readonly #options: RedisOptions
  readonly #link: Link
  readonly #isSharded: boolean
  readonly #channel: string
  readonly #lanes: Lanes<Item, Appended>
  readonly #restores: Lanes<Restored, true>
  readonly #followers: Followers
  readonly #indexed = new Map<string, number>()
  #rooms: readonly string[] = []

  constructor(options: RedisOptions, link: Link, isSharded: boolean) {
    const { clock, log, url } = options
    this.#options = options
    this.#link = link
    this.#isSharded = isSharded
    // Databases have their own keys, and share their channels.
    this.#channel = `mini-chat:${Number(new URL(url).pathname.slice(1))}:`
    this.#lanes = new Lanes({ clock, send: (room, items) => this.#send(room, items), isAlone: isClear })
    this.#restores = new Lanes({ clock, send: (room, items) => this.#restore(room, items), isAlone: () => false })
    this.#followers = new Followers({
      source: {
        readAfter: (room, place) => this.#readAfter(room, place),
        moved: (places) => this.#moved(places),
        listen: (room, hear) => this.#listen(room, hear),
      },
      clock,
      onBug: (error) => log.error('bug', error),
      // The link has already told that Redis is away.
      onTrouble: (error) => (error instanceof ChatError ? undefined : log.error('store', error)),
    })
  }

  append(room: string, draft: Draft): Promise<Appended> {
    return this.#add(room, { draft, once: false })
  }

  appendOnce(room: string, draft: Draft): Promise<Appended> {
    return this.#add(room, { draft, once: true })
  }

  subscribe(room: string, deliver: Deliver, restart?: (epoch: string) => void): Promise<Subscription> {
    return this.#followers.subscribe(room, deliver, restart)
  }

  async catchUp(room: string): Promise<void> {
    await this.#followers.get(room)?.catchUp()
  }

  async read(room: string, { before, after, limit }: Range): Promise<History> {
    const range = [before ?? '', after ?? '', limit].map(String)
    const args = [...this.#known(room, NOWHERE), ...range]
    return pageOf(parseListed(await this.#link.run(SCRIPTS.page, keysOf(room), args)), after)
  }

  rooms(): readonly string[] {
    return this.#rooms
  }

  ready(): boolean {
    return this.#link.isHere
  }

  /** Compares every room that is followed with its log. */
  async reconcile(): Promise<void> {
    await this.#followers.reconcile()
  }

  async listRooms(): Promise<readonly string[]> {
    const { rooms, expireMs, clock } = this.#options
    if (expireMs !== undefined)
      await this.#link.ask(['ZREMRANGEBYSCORE', INDEX, '-inf', String(clock.date() - expireMs)])
    this.#rooms = arrayOf(await this.#link.ask(['ZREVRANGE', INDEX, '0', String(rooms - 1)])).map(textOf)
    return this.#rooms
  }

  /** The end of a room's log; for a room without a log id 0, in no epoch. */
  async endOf(room: string): Promise<Place> {
    const [, meta = ''] = keysOf(room)
    return parsePlace(await this.#link.ask(['HMGET', meta, 'epoch', 'id', 'mark'])) ?? NOWHERE
  }

  /** Keeps a message in the place that it had in another store. Rejects with `bad_request` where the place is taken. */
  async restore({ room, ...rest }: Draft, { epoch, id }: { epoch: string; id: number }): Promise<void> {
    await this.#restores.add(room, { message: { id, room, ...rest }, epoch })
  }

  async close(): Promise<void> {
    await Promise.all([this.#lanes.close(), this.#restores.close()])
    this.#followers.close()
    this.#link.close()
  }

  #add(room: string, item: Item): Promise<Appended> {
    if (!this.#link.isHere)
      return Promise.reject(new ChatError('unavailable', 'the store is away: try again in a moment', 2))
    return this.#lanes.add(room, item)
  }

  async #send(room: string, items: readonly Item[]): Promise<readonly Appended[]> {
    const follower = this.#followers.get(room)
    const keys = keysOf(room)
    const marks: string[] = []
    const words: string[] = []
    for (const { draft, once } of items) {
      const mark = this.#mark()
      marks.push(mark)
      const place = draft.key === undefined ? 0 : keys.push(keyOf(room, draft.key, draft.username))
      words.push(mark, JSON.stringify(draft).slice(1), isChange(draft.type) ? '1' : '', String(once ? place : -place))
    }
    const { keepMs, recent, clock } = this.#options
    const keep = keepMs === undefined ? [String(recent), '0'] : ['0', String(clock.date() - keepMs)]
    const how = items.some(isClear) ? 'clear' : ''
    const args = [...this.#known(room, follower?.place ?? NOWHERE), ...keep, String(KEY_MS), how, ...words]
    const settled = settle(items, marks, parseBatch(await this.#link.run(SCRIPTS.append, keys, args)))
    await deliverHere(follower, settled)
    void this.#index(room)
    return settled.results
  }

  async #restore(room: string, items: readonly Restored[]): Promise<true[]> {
    const [first, last] = [items[0], items.at(-1)]
    if (first === undefined || last === undefined) return []
    const keys = keysOf(room)
    const now = this.#options.clock.date()
    const words = items.flatMap(({ message }) => {
      const { id, key, username, timestamp } = message
      const left = Math.floor(Math.min(KEY_MS, KEY_MS - (now - timestamp)))
      const place = key === undefined || left <= 0 ? 0 : keys.push(keyOf(room, key, username))
      return [String(id), this.#mark(), JSON.stringify(message), String(place), String(left)]
    })
    const args = [...this.#known(room, NOWHERE), first.epoch, String(first.message.id), ...words]
    const [epoch, id] = arrayOf(await this.#link.run(SCRIPTS.restore, keys, args)).map(textOf)
    if (items.some((item) => item.epoch !== epoch) || Number(id) !== last.message.id)
      throw new ChatError('bad_request', `the room ${room} has another log here: import into an empty store`)
    this.#indexed.delete(room)
    await this.#index(room)
    return items.map(() => true)
  }

  async #readAfter(room: string, place: Place): Promise<Found | undefined> {
    const args = [...this.#known(room, place), String(this.#options.recent)]
    return parseListed(await this.#link.run(SCRIPTS.after, keysOf(room), args))
  }

  async #moved(places: ReadonlyMap<string, Place>): Promise<string[]> {
    const moved = await Promise.all(
      [...places].map(async ([room, place]) => {
        // In a cluster one server may be away: its rooms are compared another time.
        const end = await this.endOf(room).catch(passed)
        if (end === undefined) return []
        return end.epoch === place.epoch && end.id === place.id && end.mark === place.mark ? [] : [room]
      }),
    )
    return moved.flat()
  }

  #listen(room: string, hear: (news: News) => void): Promise<() => void> {
    return this.#link.listen(this.#channelOf(room), this.#isSharded, (text) => hear(parseNews(text)))
  }

  /** What every script is told first: where this process is in the log, and what to do with the log. */
  #known(room: string, { epoch, id, mark }: Place): string[] {
    const { random, expireMs = 0 } = this.#options
    const publish = this.#isSharded ? 'SPUBLISH' : 'PUBLISH'
    return [epoch, String(id), mark, random.epoch(), String(expireMs), publish, this.#channelOf(room)]
  }

  /** Notes that a room is alive, where that was not noted lately. The list of rooms is read only at a start. */
  async #index(room: string): Promise<void> {
    const { clock } = this.#options
    const now = clock.now()
    if (now - (this.#indexed.get(room) ?? -Infinity) < INDEX_MS) return
    this.#indexed.delete(room)
    this.#indexed.set(room, now)
    for (const [other, at] of this.#indexed) {
      if (now - at < INDEX_MS) break
      this.#indexed.delete(other)
    }
    // The note is lost if Redis goes away just now; the next message makes it again.
    await this.#link.ask(['ZADD', INDEX, 'GT', String(clock.date()), room]).catch(() => this.#indexed.delete(room))
  }

  #channelOf(room: string): string {
    return `${this.#channel}{${room}}`
  }

  #mark(): string {
    return String(Math.floor(this.#options.random.fraction() * MARKS))
  }
}

const INDEX = 'mini-chat:rooms'

function keysOf(room: string): string[] {
  return ['log', 'meta', 'removed'].map((part) => `mini-chat:{${room}}:${part}`)
}

function keyOf(room: string, key: string, username: string): string {
  return `mini-chat:{${room}}:key:${key}:${username}`
}
