// Keeps messages in PostgreSQL, so that many processes serve the same rooms, and their whole past can be read.
//
//     append ──> lane of the room ──> one statement a batch ──> rows, commit      lanes.ts, schema.ts
//                                            └──> wake-ups to every process       notifier.ts, follower.ts
//
// PostgreSQL decides the order, the ids, the epoch and the idempotency keys: the row of a room is locked while a
// batch is added to it. A wake-up (NOTIFY, or Redis where there is one too) may be lost: only what is read by id
// counts. A message that PostgreSQL has committed is as durable as its own settings promise (docs/scaling.md).
//
// It is no queue. While PostgreSQL is away a message is refused, and not kept here for later.

import type { Clock, Random } from '../core/clock.js'
import { ChatError } from '../core/errors.js'
import { NO_EPOCH } from '../core/rooms/cursor.js'
import type { Draft, Message } from '../core/rooms/message.js'
import type { Appended, Deliver, History, Range, Store, Subscription } from '../core/rooms/store.js'
import type { Logger } from '../log.js'
import { Link } from './postgres/link.js'
import { Notifier } from './postgres/notifier.js'
import { Retention } from './postgres/retention.js'
import { type ListedAfter, parseBatch, parseListed, parsePlace, type Row } from './postgres/rows.js'
import { type Statement, STATEMENTS } from './postgres/statements.js'
import { warnings } from './postgres/trouble.js'
import { deliverHere, isClear, type Item, pageOf, settle } from './shared/batch.js'
import { type Found, type News, NOWHERE, type Place } from './shared/follower.js'
import { Followers } from './shared/followers.js'
import { Lanes } from './shared/lanes.js'
import type { OpenWakes, Wakes } from './shared/wakes.js'

export type PostgresOptions = {
  readonly url: string
  /** How many of the newest messages a new subscriber is given. */
  readonly recent: number
  /** How long messages are kept; without it for ever. */
  readonly keepMs: number | undefined
  /** How many rooms are brought back at the start. */
  readonly rooms: number
  /** Another way to wake processes. NOTIFY takes over while that way does not work. */
  readonly openWakes?: OpenWakes | undefined
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** A message to restore, and the epoch of the log that it was in. */
type Restored = { readonly message: Message; readonly epoch: string }

const CHANNEL = 'mini_chat'
const MARKS = 2 ** 48

/** The largest id that can be asked for: JavaScript's, which is less than PostgreSQL's. */
const ENDLESS = Number.MAX_SAFE_INTEGER

/**
 * Connects. Throws `UsageError` without the package pg, and `unavailable` with a sentence where PostgreSQL cannot be
 * used.
 */
export async function openPostgres(options: PostgresOptions): Promise<PostgresStore> {
  const { url, log, clock, openWakes } = options
  let store: PostgresStore | undefined
  const link = await Link.open({
    url,
    clock,
    channel: CHANNEL,
    onNotification: (payload) => store?.notified(payload),
    onAway(reason) {
      if (reason === undefined) log.info('store_back')
      else log.error('store_away', `PostgreSQL is away (${reason}): messages are refused until it is back`)
    },
    onBack: async () => store?.reconcile(),
  })
  try {
    const [settings = {}] = await link.ask(STATEMENTS.settings.name, STATEMENTS.settings.text, [])
    for (const warning of warnings(settings)) log.info('postgres', { warning })
    const wakes = await openWakes?.(async () => store?.reconcile())
    store = new PostgresStore(options, link, wakes)
    await store.listRooms()
    return store
  } catch (error) {
    await (store ?? link).close()
    throw error
  }
}

export class PostgresStore implements Store {
  readonly #options: PostgresOptions
  readonly #link: Link
  readonly #lanes: Lanes<Item, Appended>
  readonly #restores: Lanes<Restored, true>
  readonly #followers: Followers
  readonly #notifier: Notifier
  readonly #wakes: Wakes | undefined
  readonly #retention: Retention
  #rooms: readonly string[] = []

  constructor(options: PostgresOptions, link: Link, wakes: Wakes | undefined) {
    const { clock, log, keepMs } = options
    // The link has already told that PostgreSQL is away.
    const onTrouble = (error: unknown): void => (error instanceof ChatError ? undefined : log.error('store', error))
    this.#options = options
    this.#link = link
    this.#wakes = wakes
    this.#lanes = new Lanes({ clock, send: (room, items) => this.#send(room, items), isAlone: isClear })
    this.#restores = new Lanes({ clock, send: (room, items) => this.#restore(room, items), isAlone: () => false })
    this.#notifier = new Notifier((payloads) => this.#ask(STATEMENTS.notify, [CHANNEL, payloads]))
    this.#retention = new Retention({
      ask: (statement, values) => this.#ask(statement, values),
      clock,
      keepMs,
      onTrouble,
    })
    this.#followers = new Followers({
      source: {
        readAfter: (room, place) => this.#readAfter(room, place),
        moved: (places) => this.#moved(places),
        listen: (room, hear) => this.#listen(room, hear),
      },
      clock,
      onBug: (error) => log.error('bug', error),
      onTrouble,
    })
  }

  /** The connections, for a part that keeps something else in this database. They are closed with the store. */
  get link(): Link {
    return this.#link
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
    const [statement, end] = after === undefined ? [STATEMENTS.before, before ?? ENDLESS] : [STATEMENTS.onward, after]
    const bounds = [this.#retention.since, Math.min(end, ENDLESS), limit]
    return pageOf(parseListed(await this.#ask(statement, [room, ...bounds])), after)
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

  notified(payload: string): void {
    this.#notifier.hear(payload)
  }

  async listRooms(): Promise<readonly string[]> {
    this.#rooms = (await this.#ask(STATEMENTS.rooms, [this.#options.rooms])).map(({ room }) => String(room))
    return this.#rooms
  }

  /** Deletes expired messages now. This also happens every minute or more often. */
  async expireNow(): Promise<void> {
    await this.#retention.run()
  }

  /** The end of a room's log; for a room without a log id 0, in no epoch. */
  async endOf(room: string): Promise<Place> {
    const [row] = await this.#ask(STATEMENTS.places, [[room]])
    return row === undefined ? NOWHERE : parsePlace(row)
  }

  /** Keeps a message in the place that it had in another store. Rejects with `bad_request` where the place is taken. */
  async restore({ room, ...rest }: Draft, { epoch, id }: { epoch: string; id: number }): Promise<void> {
    await this.#restores.add(room, { message: { id, room, ...rest }, epoch })
  }

  async close(): Promise<void> {
    await Promise.all([this.#lanes.close(), this.#restores.close()])
    this.#retention.close()
    this.#followers.close()
    this.#notifier.close()
    this.#wakes?.close()
    await this.#link.close()
  }

  #add(room: string, item: Item): Promise<Appended> {
    if (!this.#link.isHere)
      return Promise.reject(new ChatError('unavailable', 'the store is away: try again in a moment', 2))
    return this.#lanes.add(room, item)
  }

  async #send(room: string, items: readonly Item[]): Promise<readonly Appended[]> {
    const follower = this.#followers.get(room)
    const { epoch: knownEpoch, id: knownId, mark: knownMark } = follower?.place ?? NOWHERE
    const marked = items.map(({ draft, once }) => ({ mark: this.#mark(), ...draft, once }))
    const clears = items.some(isClear)
    const rows = await this.#ask(STATEMENTS.append, [
      room,
      this.#options.random.epoch(),
      knownEpoch,
      knownId,
      knownMark,
      clears,
      JSON.stringify(marked),
    ])
    const marks = marked.map(({ mark }) => mark)
    const settled = settle(items, marks, parseBatch(rows))
    if (settled.news !== undefined) this.#tell(room, settled.news)
    await deliverHere(follower, settled)
    if (clears) this.#retention.sweep().catch(() => undefined)
    return settled.results
  }

  async #restore(room: string, items: readonly Restored[]): Promise<true[]> {
    const [first] = items
    const last = items.at(-1)
    if (first === undefined || last === undefined) return []
    const marked = items.map(({ message }) => ({ mark: this.#mark(), ...message }))
    const [row] = await this.#ask(STATEMENTS.restore, [room, first.epoch, JSON.stringify(marked)])
    const end = { epoch: String(row?.['epoch']), id: Number(row?.['id']) }
    if (items.some(({ epoch }) => epoch !== end.epoch) || end.id !== last.message.id)
      throw new ChatError('bad_request', `the room ${room} has another log here: import into an empty store`)
    return items.map(() => true)
  }

  async #readAfter(room: string, place: Place): Promise<Found | undefined> {
    const listed = await this.#listAfter(room, place)
    if (listed === undefined) {
      if (place.epoch === NO_EPOCH) return undefined
      await this.#ask(STATEMENTS.begin, [room, this.#options.random.epoch()])
    } else if (isCut(listed, place)) {
      await this.#ask(STATEMENTS.renew, [room, place.epoch, this.#options.random.epoch()])
    } else return listed
    // Whichever process was first, all processes find the same log now.
    const found = await this.#listAfter(room, place)
    if (found !== undefined) this.#tell(room, { ...found, before: '', entries: () => [] })
    return found
  }

  async #listAfter(room: string, { epoch, id }: Place): Promise<ListedAfter | undefined> {
    const { since } = this.#retention
    return parseListed(await this.#ask(STATEMENTS.after, [room, since, epoch, id, this.#options.recent]))
  }

  async #moved(places: ReadonlyMap<string, Place>): Promise<string[]> {
    const rows = await this.#ask(STATEMENTS.places, [[...places.keys()]])
    const ends = new Map(rows.map((row) => [String(row['room']), parsePlace(row)]))
    return [...places].flatMap(([room, { epoch, id, mark }]) => {
      const end = ends.get(room) ?? NOWHERE
      return end.epoch === epoch && end.id === id && end.mark === mark ? [] : [room]
    })
  }

  async #listen(room: string, hear: (news: News) => void): Promise<() => void> {
    const undos = [await this.#notifier.listen(room, hear)]
    if (this.#wakes !== undefined) undos.push(await this.#wakes.listen(room, hear))
    return () => undos.forEach((undo) => undo())
  }

  #tell(room: string, news: News): void {
    if (this.#wakes?.tell(room, news) !== true) this.#notifier.tell(room, news)
  }

  #ask({ name, text }: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#link.ask(name, text, values)
  }

  #mark(): string {
    return String(Math.floor(this.#options.random.fraction() * MARKS))
  }
}

/** Has this process seen messages that are not in the log? Then the log has lost its newest messages. */
function isCut({ epoch, id, mark, first, known }: ListedAfter, place: Place): boolean {
  if (epoch !== place.epoch || place.id === 0) return false
  if (id < place.id) return true
  if (id === place.id) return mark !== place.mark
  return place.id >= first && known !== place.mark
}
