// Keeps people in PostgreSQL, for chats without Redis. shared/directory.ts has the logic; each step here is one
// statement (postgres/statements.ts), on the connections of the store. Processes tell each other by NOTIFY.

import type { Clock, Random, Undo } from '../core/clock.js'
import type { KnownSession, Member } from '../core/people/directory.js'
import type { Logger } from '../log.js'
import type { Link } from '../stores/postgres/link.js'
import { Notices } from '../stores/postgres/notices.js'
import type { Row } from '../stores/postgres/rows.js'
import type { Statement } from '../stores/postgres/statements.js'
import { parseClaimed, parsePeople, parseSession, parseVersion } from './postgres/rows.js'
import { STATEMENTS } from './postgres/statements.js'
import { SharedDirectory } from './shared/directory.js'
import {
  type Counts,
  formatChange,
  formatCounts,
  formatFacts,
  formatOrdered,
  parseCounts,
  type People,
} from './shared/people.js'
import type { Authored, Claimed, Keep, Order, PeoplePlace } from './shared/place.js'

export type PostgresDirectoryOptions = {
  /** The connections of the store, which closes them. */
  readonly link: Link
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** The channel's word for counts, which belong to no room. */
const COUNTS = '*'

/** PostgreSQL takes no notification of 8,000 bytes or more; so many counts are always shorter. */
const COUNTS_TOGETHER = 20

/** Rejects with `unavailable` where PostgreSQL cannot be asked. */
export async function openPostgresDirectory(options: PostgresDirectoryOptions): Promise<SharedDirectory> {
  const { link } = options
  const { name, text } = STATEMENTS.channel
  const [row] = await link.ask(name, text, [])
  const place = new PostgresPeople(link, String(row?.['channel']), options.random)
  const directory = new SharedDirectory(options, place)
  await link.hear({
    channel: place.channel,
    onNotification: (payload) => place.notified(payload, (counts) => directory.counted(counts)),
    onBack: (wasAway) => directory.reconcile(wasAway),
  })
  return directory
}

class PostgresPeople implements PeoplePlace {
  /** Schemas of one database share its channels, so each schema has a name of its own. */
  readonly channel: string
  readonly #link: Link
  readonly #random: Random
  readonly #id: string
  readonly #notices: Notices
  readonly #hearers = new Map<string, (text: string) => void>()
  #told = 0

  constructor(link: Link, channel: string, random: Random) {
    this.channel = channel
    this.#link = link
    this.#random = random
    this.#id = random.epoch()
    this.#notices = new Notices((payloads) => this.#ask(STATEMENTS.notify, [channel, payloads]))
  }

  get isHere(): boolean {
    return this.#link.isHere
  }

  notified(payload: string, onCounts: (counts: Counts) => void): void {
    const space = payload.indexOf(' ')
    const [room, text] = [payload.slice(0, space), payload.slice(space + 1)]
    if (room !== COUNTS) return this.#hearers.get(room)?.(text)
    const [from, counts] = parseCounts(text)
    if (from !== this.#id) onCounts(counts)
  }

  async find(token: string): Promise<KnownSession | undefined> {
    return parseSession(token, await this.#ask(STATEMENTS.find, [token]))
  }

  async keep(keeps: readonly Keep[]): Promise<void> {
    const rows = keeps.map(({ session, ms, room, isWritten = false }) => {
      const { token, moderates, rooms } = session
      const names = new Set([...[...rooms].map(({ name }) => name), ...(room === undefined ? [] : [room])])
      return { token, facts: formatFacts(session), moderates, rooms: [...names], ms, isWritten }
    })
    const writes = rows.filter(({ isWritten }) => isWritten)
    const others = rows.filter(({ isWritten }) => !isWritten)
    await Promise.all([
      ...writes.map(({ token, facts, moderates, rooms, ms }) =>
        this.#ask(STATEMENTS.write, [token, facts, moderates, rooms, ms]),
      ),
      ...(others.length > 0 ? [this.#ask(STATEMENTS.keep, [JSON.stringify(others)])] : []),
    ])
  }

  async end(token: string): Promise<void> {
    await this.#ask(STATEMENTS.end, [token])
  }

  async left(tokens: readonly string[]): Promise<number[]> {
    const rows = await this.#ask(STATEMENTS.left, [tokens])
    const left = new Map(rows.map(({ token, ms }) => [token, Number(ms)]))
    return tokens.map((token) => left.get(token) ?? 0)
  }

  async claim(room: string, member: Pick<Member, 'fold' | 'token' | 'username'>): Promise<Claimed> {
    const { fold, token, username } = member
    const values = [room, this.#random.epoch(), fold, token, username]
    const [row = {}] = await this.#ask(STATEMENTS.claim, values)
    const claimed = parseClaimed(row, token)
    if ('place' in claimed && claimed.isNew)
      this.tell(room, formatChange('held', parseVersion(row), { fold, token, username, place: claimed.place }))
    return claimed
  }

  async release(room: string, { fold, token }: Pick<Member, 'fold' | 'token'>): Promise<boolean> {
    const [row] = await this.#ask(STATEMENTS.release, [room, fold, token])
    if (row === undefined) return false
    const member = { fold, token, username: String(row['username']), place: Number(row['place']) }
    this.tell(room, formatChange('freed', parseVersion(row), member))
    return true
  }

  async forget(token: string, room: string): Promise<void> {
    await this.#ask(STATEMENTS.forget, [token, room])
  }

  async areHeld(room: string, folds: readonly string[]): Promise<boolean[]> {
    const rows = await this.#ask(STATEMENTS.held, [room, folds])
    const held = new Set(rows.map(({ fold }) => fold))
    return folds.map((fold) => held.has(fold))
  }

  async people(room: string): Promise<People> {
    return parsePeople(await this.#ask(STATEMENTS.people, [room]))
  }

  async moved(known: ReadonlyMap<string, { isAt(born: string, version: number): boolean }>): Promise<string[]> {
    if (known.size === 0) return []
    const rows = await this.#ask(STATEMENTS.versions, [[...known.keys()]])
    const versions = new Map(rows.map((row) => [row['room'], parseVersion(row)]))
    return [...known].flatMap(([room, people]) => {
      const { born, version } = versions.get(room) ?? { born: '', version: 0 }
      return people.isAt(born, version) ? [] : [room]
    })
  }

  async order(room: string, order: Order, now: number): Promise<void> {
    const [row] = await this.#orderIn(room, order, now)
    if (row === undefined) return
    // A moderator who orders something waits until the other processes are told. If that fails, they find out by
    // comparing.
    const payload = `${room} ${formatOrdered(parseVersion(row))}`
    await this.#ask(STATEMENTS.notify, [this.channel, [payload]]).catch(() => undefined)
  }

  #orderIn(room: string, order: Order, now: number): Promise<readonly Row[]> {
    const fresh = this.#random.epoch()
    if ('hand' in order) return this.#ask(STATEMENTS.hand, [room, order.hand, order.token, order.isUp])
    if ('slow' in order) return this.#ask(STATEMENTS.slow, [room, fresh, order.slow])
    const values =
      'isClosed' in order ? [order.isClosed, null, 0, now] : [null, order.fold, Math.ceil(order.until), now]
    return this.#ask(STATEMENTS.order, [room, fresh, ...values])
  }

  listen(room: string, hear: (text: string) => void): Promise<Undo> {
    this.#hearers.set(room, hear)
    return Promise.resolve(() => {
      if (this.#hearers.get(room) === hear) this.#hearers.delete(room)
    })
  }

  tell(room: string, text: string): void {
    this.#notices.tell(String(this.#told++), `${room} ${text}`)
  }

  tellCounts(counts: Counts): void {
    for (let i = 0; i < counts.length; i += COUNTS_TOGETHER)
      this.tell(COUNTS, formatCounts(this.#id, counts.slice(i, i + COUNTS_TOGETHER)))
  }

  async wrote(authored: readonly Authored[]): Promise<void> {
    await this.#ask(STATEMENTS.wrote, [JSON.stringify(authored)])
  }

  async authorOf(place: string): Promise<string | undefined> {
    const [row] = await this.#ask(STATEMENTS.author, [place])
    return row === undefined ? undefined : String(row['author'])
  }

  async tidy(): Promise<void> {
    await this.#ask(STATEMENTS.tidyAuthors, [])
    await this.#ask(STATEMENTS.tidySessions, [])
    await this.#ask(STATEMENTS.tidyRooms, [])
  }

  close(): void {
    this.#notices.close()
  }

  #ask({ name, text }: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#link.ask(name, text, values)
  }
}
