// Keeps people in Redis, or in a server that speaks like it (Valkey). shared/directory.ts has the logic; each step
// here is a script or a command (redis/scripts.ts).

import type { Clock, Random, Undo } from '../core/clock.js'
import type { KnownSession, Member } from '../core/people/directory.js'
import type { Logger } from '../log.js'
import { Link } from '../stores/redis/link.js'
import { arrayOf, textOf } from '../stores/redis/replies.js'
import { checkServer, passed } from '../stores/redis/trouble.js'
import { fieldsOf, parsePeople, parseSession } from './redis/replies.js'
import { SCRIPTS } from './redis/scripts.js'
import { SharedDirectory } from './shared/directory.js'
import { type Counts, formatCounts, parseCounts, type People } from './shared/people.js'
import type { Authored, Claimed, Keep, Order, PeoplePlace } from './shared/place.js'

export type RedisDirectoryOptions = {
  readonly url: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/**
 * Connects. Throws `UsageError` without the package redis, and `unavailable` with a sentence where Redis cannot be
 * used.
 */
export async function openRedisDirectory(options: RedisDirectoryOptions): Promise<SharedDirectory> {
  const { url, log, clock, random } = options
  let directory: SharedDirectory | undefined
  const onAway = (reason: string | undefined): void => {
    if (reason === undefined) log.info('directory_back')
    else log.info('directory_away', { reason })
  }
  const onBack = async (): Promise<void> => directory?.reconcile(true)
  const link = await Link.open({ url, clock, onAway, onBack }, 'mini-chat:probe')
  try {
    const { isSharded } = checkServer(textOf(await link.ask(['INFO'])), url)
    // Databases have their own keys, and share their channels.
    const channel = `mini-chat:${Number(new URL(url).pathname.slice(1))}:people`
    const place = new RedisPeople(link, { channel, isSharded, random })
    directory = new SharedDirectory(options, place)
    const told = directory
    await place.hearCounts((counts) => told.counted(counts))
    return directory
  } catch (error) {
    link.close()
    throw error
  }
}

type Parts = { readonly channel: string; readonly isSharded: boolean; readonly random: Random }

class RedisPeople implements PeoplePlace {
  readonly #link: Link
  readonly #parts: Parts
  readonly #id: string

  constructor(link: Link, parts: Parts) {
    this.#link = link
    this.#parts = parts
    this.#id = parts.random.epoch()
  }

  /** Hears what other processes count. */
  async hearCounts(call: (counts: Counts) => void): Promise<void> {
    await this.#link.listen(this.#parts.channel, false, (text) => {
      const [from, counts] = parseCounts(text)
      if (from !== this.#id) call(counts)
    })
  }

  get isHere(): boolean {
    return this.#link.isHere
  }

  async find(token: string): Promise<KnownSession | undefined> {
    return parseSession(token, await this.#link.ask(['HGETALL', sessionKey(token)]))
  }

  async keep(keeps: readonly Keep[]): Promise<void> {
    const run = ({ session, ms, room = '', isWritten = false }: Keep): Promise<unknown> => {
      const args = [String(Math.ceil(ms)), room, isWritten ? '1' : '', ...fieldsOf(session)]
      return this.#link.run(SCRIPTS.keep, [sessionKey(session.token)], args)
    }
    // In a cluster one server may be away: what the other servers have is kept all the same.
    const kept = await Promise.allSettled(keeps.map(run))
    for (const one of kept) if (one.status === 'rejected') throw one.reason
  }

  async end(token: string): Promise<void> {
    await this.#link.ask(['DEL', sessionKey(token)])
  }

  left(tokens: readonly string[]): Promise<number[]> {
    return Promise.all(
      tokens.map(async (token) => {
        const ms = Number(await this.#link.ask(['PTTL', sessionKey(token)]))
        // -1 is a key that never ends, and -2 is no key.
        return ms === -1 ? Infinity : ms
      }),
    )
  }

  async claim(room: string, { fold, token, username }: Pick<Member, 'fold' | 'token' | 'username'>): Promise<Claimed> {
    const args = [...this.#known(room), fold, token, username]
    const [place, isNew] = arrayOf(await this.#link.run(SCRIPTS.claim, [peopleKey(room)], args))
    return typeof place === 'number' ? { place, isNew: isNew === 1 } : { heldBy: textOf(place) }
  }

  async release(room: string, { fold, token }: Pick<Member, 'fold' | 'token'>): Promise<boolean> {
    return (await this.#link.run(SCRIPTS.release, [peopleKey(room)], [...this.#known(room), fold, token])) === 1
  }

  async forget(token: string, room: string): Promise<void> {
    await this.#link.ask(['HDEL', sessionKey(token), `r:${room}`])
  }

  async areHeld(room: string, folds: readonly string[]): Promise<boolean[]> {
    const held = arrayOf(await this.#link.ask(['HMGET', peopleKey(room), ...folds.map((fold) => `n:${fold}`)]))
    return held.map((holder) => holder !== null)
  }

  async people(room: string): Promise<People> {
    return parsePeople(await this.#link.ask(['HGETALL', peopleKey(room)]))
  }

  async moved(known: ReadonlyMap<string, { isAt(born: string, version: number): boolean }>): Promise<string[]> {
    const rooms = await Promise.all(
      [...known].map(async ([room, people]) => {
        // In a cluster one server may be away: its rooms are compared another time.
        const reply = await this.#link.ask(['HMGET', peopleKey(room), 'born', 'version']).catch(passed)
        if (reply === undefined) return []
        const [born, version] = arrayOf(reply)
        return people.isAt(textOf(born), Number(version)) ? [] : [room]
      }),
    )
    return rooms.flat()
  }

  async order(room: string, order: Order, now: number): Promise<void> {
    if ('hand' in order) {
      const { hand, token, isUp } = order
      await this.#link.run(SCRIPTS.hand, [peopleKey(room)], [...this.#known(room), hand, token, isUp ? '1' : ''])
      return
    }
    const args = [...this.#known(room), ...fieldOf(order), String(now)]
    await this.#link.run(SCRIPTS.order, [peopleKey(room)], args)
  }

  listen(room: string, hear: (text: string) => void): Promise<Undo> {
    return this.#link.listen(this.#channelOf(room), this.#parts.isSharded, hear)
  }

  tell(room: string, text: string): void {
    this.#link.ask([this.#publish, this.#channelOf(room), text]).catch(() => undefined)
  }

  tellCounts(counts: Counts): void {
    this.#link.ask(['PUBLISH', this.#parts.channel, formatCounts(this.#id, counts)]).catch(() => undefined)
  }

  /** Notes the authors of messages; Redis lets them expire. */
  async wrote(authored: readonly Authored[]): Promise<void> {
    await Promise.all(
      authored.map(({ place, author, ms }) => this.#link.ask(['SET', authorKey(place), author, 'PX', String(ms)])),
    )
  }

  async authorOf(place: string): Promise<string | undefined> {
    return textOf(await this.#link.ask(['GET', authorKey(place)])) || undefined
  }

  async tidy(): Promise<void> {}

  close(): void {
    this.#link.close()
  }

  get #publish(): string {
    return this.#parts.isSharded ? 'SPUBLISH' : 'PUBLISH'
  }

  /** What the scripts about a room's people are told first. */
  #known(room: string): string[] {
    return [this.#publish, this.#channelOf(room), this.#parts.random.epoch()]
  }

  #channelOf(room: string): string {
    return `${this.#parts.channel}:{${room}}`
  }
}

/** An order as a field of a room's people, and its value: nothing where it is taken back. */
function fieldOf(order: Exclude<Order, { hand: string }>): [field: string, value: string] {
  if ('isClosed' in order) return ['closed', order.isClosed ? '1' : '']
  if ('slow' in order) return ['slow', order.slow > 0 ? String(order.slow) : '']
  return [`m:${order.fold}`, order.until > 0 ? String(order.until) : '']
}

function peopleKey(room: string): string {
  return `mini-chat:{${room}}:people`
}

function sessionKey(token: string): string {
  return `mini-chat:{s:${token}}`
}

function authorKey(place: string): string {
  return `mini-chat:{a:${place}}`
}
