// Knows who is here with other processes, so that a person may come to any process at any time.
//
//     claim, release, order ──> one step elsewhere ──> the room's people ──> news to every process   place.ts, room-people.ts
//     contact ──> every RENEW_MS ──> the session is kept a minute from then on
//     a session's time is over ──> one process finds out first, frees the name and tells the room
//
// A process that dies renews nothing, so its people go when their time is over, unless they come back through another
// process before. What is counted for the rates is told to the others a few times a second.
//
// What it refuses to be: a place where anything is decided for one process alone. That is what the core has in memory.

import type { Clock, Random, Undo } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import type { Directory, KnownSession, Member, Process, RoomListener } from '../../core/people/directory.js'
import type { Counted } from '../../core/people/limits.js'
import { nameTaken } from '../../core/people/names.js'
import { type Session, SESSION_MS } from '../../core/people/sessions.js'
import type { Holder } from '../../core/rooms/presence.js'
import type { Logger } from '../../log.js'
import { Lanes } from '../../stores/shared/lanes.js'
import { type Counts, formatTyping, parseNews } from './people.js'
import type { Authored, Keep, Order, PeoplePlace } from './place.js'
import { RoomPeople } from './room-people.js'

export type SharedDirectoryOptions = {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** How often contact is told, and for how long at the most: with a look at the end, less than a minute together. */
export const RENEW_MS = 10_000
export const LEASE_MS = 55_000

/** How often it is looked for sessions that may be over, how many at one time, and not so soon after it was away. */
const LOOK_MS = 1000
const MOST_LOOKS = 500
const QUIET_MS = 10_000

const RECONCILE_MS = 4500
const COUNT_MS = 250
const TIDY_MS = 60_000

/** How often a name that is held by a session that is over is tried to be had. */
const TRIES = 3

type Followed = { readonly people: RoomPeople; readonly listener: RoomListener }

export class SharedDirectory implements Directory {
  readonly #options: SharedDirectoryOptions
  readonly #place: PeoplePlace
  readonly #held: Lanes<string, boolean>
  readonly #wrote: Lanes<Authored, true>
  readonly #rooms = new Map<string, Followed>()
  readonly #timers = new Map<number, Undo>()
  /** Until when a session is kept at least, as it was told (`Clock.now`). */
  readonly #told = new WeakMap<Session, number>()
  /** When it is to be looked whether a member's session is over. */
  readonly #lookAt = new WeakMap<Member, number>()
  readonly #counts = new Map<string, [Counted['what'], string, number]>()
  #process: Process | undefined
  #counting: Undo | undefined
  #quietUntil = -Infinity

  constructor(options: SharedDirectoryOptions, place: PeoplePlace) {
    const { clock } = options
    this.#options = options
    this.#place = place
    this.#held = new Lanes({ clock, send: (room, folds) => place.areHeld(room, folds), isAlone: () => false })
    this.#wrote = new Lanes({
      clock,
      send: (_lane, authored) => place.wrote(authored).then(() => authored.map(() => true as const)),
      isAlone: () => false,
    })
  }

  /** What another process has counted. */
  counted(counts: Counts): void {
    for (const [what, of, times] of counts) this.#process?.counted({ what, of }, times)
  }

  begin(process: Process): void {
    this.#process = process
    this.#every(RENEW_MS, () => this.#renew(LEASE_MS, false))
    this.#every(LOOK_MS, () => this.#look())
    this.#every(RECONCILE_MS, () => this.reconcile(false))
    this.#every(TIDY_MS, () => this.tidy())
  }

  find(token: string): Promise<KnownSession | undefined> {
    return this.#place.find(token)
  }

  async update(session: Session): Promise<void> {
    await this.#keep([{ session, ms: session.left, isWritten: true }])
  }

  async end(session: Session): Promise<void> {
    await this.#place.end(session.token)
  }

  async claim(room: string, session: Session): Promise<{ readonly place: number; readonly isNew: boolean }> {
    const { fold, token, username } = session
    // First of all, so that a name is never held by a session that is not there yet.
    await this.#keep([{ session, ms: SESSION_MS, room, isWritten: true }])
    for (let tries = 0; tries < TRIES; tries++) {
      const claimed = await this.#place.claim(room, session)
      if ('place' in claimed) {
        // Known here from now on, whatever becomes of the news.
        this.#rooms.get(room)?.people.add({ fold, token, username, place: claimed.place })
        return claimed
      }
      const holder = { fold, token: claimed.heldBy }
      if (await this.#isAlive(holder.token)) break
      await this.#expire(room, holder)
    }
    throw nameTaken()
  }

  async release(room: string, { fold, token }: Holder): Promise<boolean> {
    const isReleased = await this.#place.release(room, { fold, token: token ?? '' })
    if (isReleased) await this.#place.forget(token ?? '', room)
    return isReleased
  }

  /** What is asked at one time is asked together. */
  isHeld(room: string, fold: string): Promise<boolean> {
    return this.#held.add(room, fold)
  }

  async follow(room: string, listener: RoomListener): Promise<Undo> {
    const people = new RoomPeople({
      listener,
      read: () => this.#place.people(room),
      reclaim: (members) => this.#reclaim(room, members),
    })
    // What changes from here on is heard; so nothing can slip between what is read and the news.
    const unlisten = await this.#place.listen(room, (text) => {
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
    // Where it is lost it ends by itself.
    this.#place.tell(room, formatTyping(fold, token ?? '', typing))
  }

  async mute(room: string, fold: string, until: number): Promise<void> {
    await this.#order(room, { fold, until })
  }

  async setClosed(room: string, isClosed: boolean): Promise<void> {
    await this.#order(room, { isClosed })
  }

  count({ what, of }: Counted): void {
    const counted = this.#counts.get(`${what} ${of}`) ?? [what, of, 0]
    this.#counts.set(`${what} ${of}`, [counted[0], counted[1], counted[2] + 1])
    this.#counting ??= this.#options.clock.after(COUNT_MS, () => this.#tellCounts())
  }

  wrote(place: string, author: string, ms: number): void {
    // Where that cannot be told, only this process lets the author change it.
    this.#wrote.add('', { place, author, ms }).catch(() => undefined)
  }

  authorOf(place: string): Promise<string | undefined> {
    return this.#place.authorOf(place)
  }

  ready(): boolean {
    return this.#place.isHere
  }

  /** Compares the people of every room; `isBack`: the place was away, and contact is told first. */
  async reconcile(isBack: boolean): Promise<void> {
    if (isBack) {
      // The others come back too, and tell of contact: until then a session only seems to be over.
      this.#quietUntil = this.#options.clock.now() + QUIET_MS
      await this.#renew(SESSION_MS, true)
    }
    const moved = await this.#place.moved(new Map([...this.#rooms].map(([room, { people }]) => [room, people])))
    await Promise.all(moved.map((room) => this.catchUp(room)))
  }

  /** Takes away what is over, which happens by itself every minute. */
  tidy(): Promise<void> {
    return this.#place.tidy()
  }

  async close(): Promise<void> {
    for (const stop of this.#timers.values()) stop()
    this.#timers.clear()
    this.#tellCounts()
    await Promise.all([this.#held.close(), this.#wrote.close()])
    // Where that cannot be told, they have what was told before.
    await this.#renew(SESSION_MS, true).catch(() => undefined)
    this.#place.close()
  }

  /** Tells of contact with each session, for `mostMs` at the most; `isAll`: also where that has been told. */
  async #renew(mostMs: number, isAll: boolean): Promise<void> {
    const now = this.#options.clock.now()
    const keeps: Keep[] = []
    for (const session of this.#process?.sessions() ?? []) {
      const ms = Math.min(mostMs, session.left)
      const isDue = isAll || now + ms >= (this.#told.get(session) ?? 0) + 1000
      if (ms > 0 && isDue) keeps.push({ session, ms })
    }
    await this.#keep(keeps)
  }

  async #keep(keeps: readonly Keep[]): Promise<void> {
    if (keeps.length === 0) return
    const now = this.#options.clock.now()
    await this.#place.keep(keeps)
    for (const { session, ms } of keeps) this.#told.set(session, now + ms)
  }

  /** Looks for members whose session is over. */
  async #look(): Promise<void> {
    const { clock, random } = this.#options
    const now = clock.now()
    if (!this.#place.isHere || now < this.#quietUntil) return
    const due: { room: string; member: Member }[] = []
    // Not all processes at one time: the first one that finds a session over tells the others.
    const lookAgain = (member: Member, ms: number): void =>
      void this.#lookAt.set(member, now + ms + LOOK_MS * random.fraction())
    for (const [room, { people }] of this.#rooms) {
      for (const member of people.members) {
        if (due.length >= MOST_LOOKS) break
        if ((this.#lookAt.get(member) ?? 0) > now) continue
        const own = this.#process?.session(member.token)?.left ?? 0
        if (own > 0) lookAgain(member, own)
        else due.push({ room, member })
      }
    }
    if (due.length === 0) return
    const left = await this.#place.left(due.map(({ member }) => member.token))
    const over = due.filter(({ member }, i) => {
      const ms = left[i] ?? 0
      if (ms > 0) lookAgain(member, ms)
      return ms <= 0
    })
    await Promise.all(over.map(({ room, member }) => this.#expire(room, member)))
  }

  /** A session is over: its name is free, and the process that made it free tells the room. */
  async #expire(room: string, holder: Pick<Member, 'fold' | 'token'>): Promise<void> {
    const followed = this.#rooms.get(room)
    const member = [...(followed?.people.members ?? [])].find(({ token }) => token === holder.token)
    if ((await this.#place.release(room, holder)) && member !== undefined) followed?.listener.expired(member)
  }

  async #isAlive(token: string): Promise<boolean> {
    if ((this.#process?.session(token)?.left ?? 0) > 0) return true
    return ((await this.#place.left([token]))[0] ?? 0) > 0
  }

  /** It was lost who was here: those that this process knows take their names again. */
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

  async #order(room: string, order: Order): Promise<void> {
    await this.#place.order(room, order, this.#options.clock.date())
    await this.catchUp(room)
  }

  #tellCounts(): void {
    this.#counting?.()
    this.#counting = undefined
    if (this.#counts.size === 0) return
    const counts = [...this.#counts.values()]
    this.#counts.clear()
    // Where that cannot be told, each process counts for itself.
    this.#place.tellCounts(counts)
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
    // That it is away has been told.
    if (!(error instanceof ChatError)) this.#options.log.error('directory', error)
  }
}
