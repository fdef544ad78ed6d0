// Keeps who is here in Redis, or in what speaks like it (Valkey), so that a person may come to any process at any time.
//
//     claim, release, order ──> one script ──> the room's people ──> news to every process    scripts.ts, room-people.ts
//     contact ──> every RENEW_MS ──> the session's key lives a minute from then on
//     a session's key is gone ──> one process finds out first, frees the name and tells the room
//
// A process that dies renews nothing, so its people go when their time is over, unless they come back through another
// process before. What is counted for the rates is told to the others a few times a second.
//
// What it refuses to be: a place where anything is decided for one process alone. That is what the core has in memory.

import type { Clock, Random, Undo } from '../core/clock.js'
import { ChatError } from '../core/errors.js'
import type { Directory, KnownSession, Member, Process, RoomListener } from '../core/people/directory.js'
import type { Counted } from '../core/people/limits.js'
import { nameTaken } from '../core/people/names.js'
import { type Session, SESSION_MS } from '../core/people/sessions.js'
import type { Holder } from '../core/rooms/presence.js'
import type { Logger } from '../log.js'
import { Link } from '../stores/redis/link.js'
import { arrayOf, textOf } from '../stores/redis/replies.js'
import { checkServer } from '../stores/redis/trouble.js'
import { fieldsOf, formatTyping, parseCounts, parseNews, parsePeople, parseSession } from './redis/replies.js'
import { RoomPeople } from './redis/room-people.js'
import { SCRIPTS } from './redis/scripts.js'

export type RedisDirectoryOptions = {
  readonly url: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** How often contact is told, and for how long at the most: with a look at the end, less than a minute together. */
export const RENEW_MS = 10_000
export const LEASE_MS = 55_000

/** How often it is looked for sessions that may be over, how many at one time, and not so soon after Redis came back. */
const LOOK_MS = 1000
const MOST_LOOKS = 500
const QUIET_MS = 10_000

const RECONCILE_MS = 4500
const COUNT_MS = 250

/** How often a name that is held by a session that is over is tried to be had. */
const TRIES = 3

type Followed = { readonly people: RoomPeople; readonly listener: RoomListener }

/** Connects. Throws `UsageError` without the package redis, and `unavailable` with a sentence where there is no use. */
export async function openRedisDirectory(options: RedisDirectoryOptions): Promise<RedisDirectory> {
  const { url, log, clock } = options
  let directory: RedisDirectory | undefined
  const onAway = (reason: string | undefined): void => {
    if (reason === undefined) log.info('directory_back')
    else log.info('directory_away', { reason })
  }
  const onBack = async (): Promise<void> => directory?.reconcile(true)
  const link = await Link.open({ url, clock, onAway, onBack }, 'mini-chat:probe')
  try {
    const { isSharded } = checkServer(textOf(await link.ask(['INFO'])), url)
    directory = new RedisDirectory(options, link, isSharded)
    await directory.listen()
    return directory
  } catch (error) {
    link.close()
    throw error
  }
}

export class RedisDirectory implements Directory {
  readonly #options: RedisDirectoryOptions
  readonly #link: Link
  readonly #publish: 'PUBLISH' | 'SPUBLISH'
  readonly #channel: string
  readonly #id: string
  readonly #rooms = new Map<string, Followed>()
  readonly #timers = new Map<number, Undo>()
  /** Until when a session's key lives at least, as it was told (`Clock.now`). */
  readonly #told = new WeakMap<Session, number>()
  /** When it is to be looked whether a member's session is over. */
  readonly #lookAt = new WeakMap<Member, number>()
  readonly #counts = new Map<string, [Counted['what'], string, number]>()
  #process: Process | undefined
  #counting: Undo | undefined
  #quietUntil = -Infinity

  constructor(options: RedisDirectoryOptions, link: Link, isSharded: boolean) {
    this.#options = options
    this.#link = link
    this.#publish = isSharded ? 'SPUBLISH' : 'PUBLISH'
    // Databases have their own keys, and share their channels.
    this.#channel = `mini-chat:${Number(new URL(options.url).pathname.slice(1))}:people`
    this.#id = options.random.epoch()
  }

  /** Hears what other processes count. */
  async listen(): Promise<void> {
    await this.#link.listen(this.#channel, false, (text) => {
      const { from, counts } = parseCounts(text)
      if (from !== this.#id) for (const [counted, times] of counts) this.#process?.counted(counted, times)
    })
  }

  begin(process: Process): void {
    this.#process = process
    this.#every(RENEW_MS, () => this.#renew(LEASE_MS, false))
    this.#every(LOOK_MS, () => this.#look())
    this.#every(RECONCILE_MS, () => this.reconcile(false))
  }

  async find(token: string): Promise<KnownSession | undefined> {
    return parseSession(token, await this.#link.ask(['HGETALL', sessionKey(token)]))
  }

  async update(session: Session): Promise<void> {
    await this.#keep(session, session.left, '', true)
  }

  async end(session: Session): Promise<void> {
    await this.#link.ask(['DEL', sessionKey(session.token)])
  }

  async claim(room: string, session: Session): Promise<{ readonly place: number; readonly isNew: boolean }> {
    const { fold, token, username } = session
    // First of all, so that a name is never held by a session that is not there yet.
    await this.#keep(session, SESSION_MS, room, true)
    for (let tries = 0; tries < TRIES; tries++) {
      const args = [...this.#known(room), fold, token, username]
      const [place, isNew] = arrayOf(await this.#link.run(SCRIPTS.claim, [peopleKey(room)], args))
      if (typeof place === 'number') {
        // Known here from now on, whatever becomes of the news.
        this.#rooms.get(room)?.people.add({ fold, token, username, place })
        return { place, isNew: isNew === 1 }
      }
      const holder = { fold, token: textOf(place) }
      if (await this.#isAlive(holder.token)) break
      await this.#expire(room, holder)
    }
    throw nameTaken()
  }

  async release(room: string, { fold, token }: Holder): Promise<boolean> {
    const isReleased = await this.#free(room, { fold, token: token ?? '' })
    if (isReleased) await this.#link.ask(['HDEL', sessionKey(token ?? ''), `r:${room}`])
    return isReleased
  }

  async isHeld(room: string, fold: string): Promise<boolean> {
    return (await this.#link.ask(['HEXISTS', peopleKey(room), `n:${fold}`])) === 1
  }

  async follow(room: string, listener: RoomListener): Promise<Undo> {
    const people = new RoomPeople({
      listener,
      read: async () => parsePeople(await this.#link.ask(['HGETALL', peopleKey(room)])),
      reclaim: (members) => this.#reclaim(room, members),
    })
    // What changes from here on is heard; so nothing can slip between what is read and the news.
    const unlisten = await this.#link.listen(this.#channelOf(room), this.#publish === 'SPUBLISH', (text) => {
      void people.hear(parseNews(text))?.catch((error: unknown) => this.#trouble(error))
    })
    const followed = { people, listener }
    this.#rooms.set(room, followed)
    const unfollow = (): void => {
      unlisten()
      if (this.#rooms.get(room) === followed) this.#rooms.delete(room)
    }
    try {
      await people.catchUp()
    } catch (error) {
      unfollow()
      throw error
    }
    return unfollow
  }

  async catchUp(room: string): Promise<void> {
    await this.#rooms.get(room)?.people.catchUp()
  }

  typing(room: string, { fold, token }: Holder, typing: boolean): void {
    const news = formatTyping(fold, token ?? '', typing)
    // Lost where Redis is away: it ends by itself.
    this.#link.ask([this.#publish, this.#channelOf(room), news]).catch(() => undefined)
  }

  async mute(room: string, fold: string, until: number): Promise<void> {
    await this.#order(room, `m:${fold}`, until > 0 ? String(until) : '')
  }

  async setClosed(room: string, isClosed: boolean): Promise<void> {
    await this.#order(room, 'closed', isClosed ? '1' : '')
  }

  count({ what, of }: Counted): void {
    const counted = this.#counts.get(`${what} ${of}`) ?? [what, of, 0]
    this.#counts.set(`${what} ${of}`, [counted[0], counted[1], counted[2] + 1])
    this.#counting ??= this.#options.clock.after(COUNT_MS, () => this.#tellCounts())
  }

  ready(): boolean {
    return this.#link.isHere
  }

  /** Compares the people of every room; `isBack`: Redis was away, and contact is told first. */
  async reconcile(isBack: boolean): Promise<void> {
    if (isBack) {
      // The others come back too, and tell of contact: until then a session only seems to be over.
      this.#quietUntil = this.#options.clock.now() + QUIET_MS
      await this.#renew(SESSION_MS, true)
    }
    await Promise.all(
      [...this.#rooms].map(async ([room, { people }]) => {
        const [born, version] = arrayOf(await this.#link.ask(['HMGET', peopleKey(room), 'born', 'version']))
        if (!people.isAt(textOf(born), Number(version))) await people.catchUp()
      }),
    )
  }

  async close(): Promise<void> {
    for (const stop of this.#timers.values()) stop()
    this.#timers.clear()
    this.#tellCounts()
    // Where Redis is away, they have what was told before.
    await this.#renew(SESSION_MS, true).catch(() => undefined)
    this.#link.close()
  }

  /** Tells of contact with each session, for `mostMs` at the most; `isAll`: also where that has been told. */
  async #renew(mostMs: number, isAll: boolean): Promise<void> {
    const now = this.#options.clock.now()
    const keeping: Promise<void>[] = []
    for (const session of this.#process?.sessions() ?? []) {
      const ms = Math.min(mostMs, session.left)
      const isDue = isAll || now + ms >= (this.#told.get(session) ?? 0) + 1000
      if (ms > 0 && isDue) keeping.push(this.#keep(session, ms, '', false))
    }
    await Promise.all(keeping)
  }

  async #keep(session: Session, ms: number, room: string, isWritten: boolean): Promise<void> {
    const args = [String(Math.ceil(ms)), room, isWritten ? '1' : '', ...fieldsOf(session)]
    const until = this.#options.clock.now() + ms
    await this.#link.run(SCRIPTS.keep, [sessionKey(session.token)], args)
    this.#told.set(session, until)
  }

  /** Looks for members whose session is over. */
  async #look(): Promise<void> {
    const now = this.#options.clock.now()
    if (!this.#link.isHere || now < this.#quietUntil) return
    const due: Promise<void>[] = []
    for (const [room, { people }] of this.#rooms) {
      for (const member of people.members) {
        if (due.length >= MOST_LOOKS) break
        if ((this.#lookAt.get(member) ?? 0) <= now) due.push(this.#lookAfter(room, member))
      }
    }
    await Promise.all(due)
  }

  async #lookAfter(room: string, member: Member): Promise<void> {
    const { clock, random } = this.#options
    const own = this.#process?.session(member.token)?.left ?? 0
    const ms = own > 0 ? own : Number(await this.#link.ask(['PTTL', sessionKey(member.token)]))
    if (ms < 0) return this.#expire(room, member)
    // Not all processes at one time: the first one tells the others.
    this.#lookAt.set(member, clock.now() + ms + LOOK_MS * random.fraction())
  }

  /** A session is over: its name is free, and the process that made it free tells the room. */
  async #expire(room: string, holder: Pick<Member, 'fold' | 'token'>): Promise<void> {
    const followed = this.#rooms.get(room)
    const member = [...(followed?.people.members ?? [])].find(({ token }) => token === holder.token)
    if ((await this.#free(room, holder)) && member !== undefined) followed?.listener.expired(member)
  }

  async #free(room: string, { fold, token }: Pick<Member, 'fold' | 'token'>): Promise<boolean> {
    return (await this.#link.run(SCRIPTS.release, [peopleKey(room)], [...this.#known(room), fold, token])) === 1
  }

  async #isAlive(token: string): Promise<boolean> {
    if ((this.#process?.session(token)?.left ?? 0) > 0) return true
    return (await this.#link.ask(['EXISTS', sessionKey(token)])) === 1
  }

  /** Redis lost who was here: those that this process knows take their names again. */
  async #reclaim(room: string, members: Iterable<Member>): Promise<void> {
    for (const { token } of members) {
      const session = this.#process?.session(token)
      if (session === undefined || session.left <= 0) continue
      await this.claim(room, session).catch((error: unknown) => {
        // Another one was faster: the name is theirs now.
        if (!(error instanceof ChatError) || error.code !== 'name_taken') throw error
      })
      // It may have ended meanwhile.
      if (this.#process?.session(token) === undefined) await this.release(room, session)
    }
  }

  async #order(room: string, field: string, value: string): Promise<void> {
    const args = [...this.#known(room), field, value, String(this.#options.clock.date())]
    await this.#link.run(SCRIPTS.order, [peopleKey(room)], args)
    await this.catchUp(room)
  }

  #tellCounts(): void {
    this.#counting?.()
    this.#counting = undefined
    if (this.#counts.size === 0) return
    const text = JSON.stringify([this.#id, [...this.#counts.values()]])
    this.#counts.clear()
    // Where Redis is away, each process counts for itself.
    this.#link.ask(['PUBLISH', this.#channel, text]).catch(() => undefined)
  }

  /** What the scripts about a room's people are told first. */
  #known(room: string): string[] {
    return [this.#publish, this.#channelOf(room), this.#options.random.epoch()]
  }

  #channelOf(room: string): string {
    return `${this.#channel}:{${room}}`
  }

  #every(ms: number, call: () => Promise<void>): void {
    const again = (): void => {
      if (this.#timers.has(ms)) this.#every(ms, call)
    }
    const timer = this.#options.clock.after(ms, () => {
      call()
        .catch((error: unknown) => this.#trouble(error))
        .finally(again)
    })
    this.#timers.set(ms, timer)
  }

  #trouble(error: unknown): void {
    // That Redis is away has been told.
    if (!(error instanceof ChatError)) this.#options.log.error('directory', error)
  }
}

function peopleKey(room: string): string {
  return `mini-chat:{${room}}:people`
}

function sessionKey(token: string): string {
  return `mini-chat:{s:${token}}`
}
