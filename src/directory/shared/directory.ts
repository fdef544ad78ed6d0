// A directory that several processes share, so that a person may come to any process at any time.
//
//     claim, release, order ──> one step elsewhere ──> the room's people ──> news to every process   place.ts, room-people.ts
//     contact ──> every RENEW_MS ──> the session is kept a minute from then on
//     a session's time is over ──> one process finds out first, frees the name and tells the room
//
// A process that dies renews nothing, so its people go when their time is over, unless they come back through another
// process before. Each process tells the others a few times a second what it has counted for the rates.
//
// Nothing is decided here for one process alone: the core does that with what it has in memory.

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

/** How often contact is told, and for how long at most. With a look at the end it is less than a minute together. */
export const RENEW_MS = 10_000
export const LEASE_MS = 55_000

/**
 * How often the directory looks for sessions that may be over, how many at one time, and how soon after it was away.
 */
const LOOK_MS = 1000
const MOST_LOOKS = 500
const QUIET_MS = 10_000

export const RECONCILE_MS = 4500
const COUNT_MS = 250
const TIDY_MS = 60_000

/** How often a process tries to take a name whose holder's session is over. */
const TRIES = 3

type Followed = { readonly people: RoomPeople; readonly listener: RoomListener }

export class SharedDirectory implements Directory {
  readonly #options: SharedDirectoryOptions
  readonly #place: PeoplePlace
  readonly #held: Lanes<string, boolean>
  readonly #wrote: Lanes<Authored, true>
  readonly #rooms = new Map<string, Followed>()
  readonly #timers = new Map<number, Undo>()
  /** Until when each session is kept at least, as the others were told (`Clock.now`). */
  readonly #told = new WeakMap<Session, number>()
  /** When to look whether a member's session is over. */
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

  /** Another process has counted this. */
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
    // The session comes first, so that a name is never held by a session that is not there yet. What was written of it
    // stays: another process may know a newer identity.
    await this.#keep([{ session, ms: SESSION_MS, room }])
    for (let tries = 0; tries < TRIES; tries++) {
      const claimed = await this.#place.claim(room, session)
      if ('place' in claimed) {
        // The name is known here from now on, even if the news of it is lost.
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
    // The name is free, so the room is told in any case. If this fails, the session only seems to be in the room.
    if (isReleased) await this.#place.forget(token ?? '', room).catch(() => undefined)
    return isReleased
  }

  /** Questions that come at one time are asked together. */
  isHeld(room: string, fold: string): Promise<boolean> {
    return this.#held.add(room, fold)
  }

  async follow(room: string, listener: RoomListener): Promise<Undo> {
    const people = new RoomPeople({
      listener,
      read: () => this.#place.people(room),
      reclaim: (members) => this.#reclaim(room, members),
    })
    // From here on every change is heard, so nothing can slip between the people as they are read and the news.
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
    // If this is lost, the typing ends after its time.
    this.#place.tell(room, formatTyping(fold, token ?? '', typing))
  }

  async mute(room: string, fold: string, until: number): Promise<void> {
    await this.#order(room, { fold, until })
  }

  async setClosed(room: string, isClosed: boolean): Promise<void> {
    await this.#order(room, { isClosed })
  }

  async setSlow(room: string, slow: number): Promise<void> {
    await this.#order(room, { slow })
  }

  async setHand(
    room: string,
    { fold, token = '' }: { readonly fold: string; readonly token: string | undefined },
    isUp: boolean,
  ): Promise<void> {
    await this.#order(room, { hand: fold, token, isUp })
  }

  count({ what, of }: Counted): void {
    const counted = this.#counts.get(`${what} ${of}`) ?? [what, of, 0]
    this.#counts.set(`${what} ${of}`, [counted[0], counted[1], counted[2] + 1])
    this.#counting ??= this.#options.clock.after(COUNT_MS, () => this.#tellCounts())
  }

  wrote(place: string, author: string, ms: number): void {
    // If this fails, only this process lets the author change the message.
    this.#wrote.add('', { place, author, ms }).catch(() => undefined)
  }

  authorOf(place: string): Promise<string | undefined> {
    return this.#place.authorOf(place)
  }

  ready(): boolean {
    return this.#place.isHere
  }

  /** Compares the people of every room. `isBack`: the place was away, and this process first tells of contact. */
  async reconcile(isBack: boolean): Promise<void> {
    if (isBack) {
      // Other processes come back too, and tell of contact. Until then a session may only seem to be over.
      this.#quietUntil = this.#options.clock.now() + QUIET_MS
      await this.#renew(SESSION_MS, true)
    }
    const moved = await this.#place.moved(new Map([...this.#rooms].map(([room, { people }]) => [room, people])))
    await Promise.all(moved.map((room) => this.catchUp(room)))
  }

  /** Deletes what is over. This also happens every minute. */
  tidy(): Promise<void> {
    return this.#place.tidy()
  }

  async close(): Promise<void> {
    for (const stop of this.#timers.values()) stop()
    this.#timers.clear()
    this.#tellCounts()
    await Promise.all([this.#held.close(), this.#wrote.close()])
    // If this fails, the others keep what they were told before.
    await this.#renew(SESSION_MS, true).catch(() => undefined)
    this.#place.close()
  }

  /**
   * Tells of contact with each session, for at most `mostMs`. `isAll`: also for sessions of which it was told lately.
   */
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
    // Not all processes look at one time: the first that finds a session over tells the others.
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

  /** A session is over: its name is free, and the process that freed it tells the room. */
  async #expire(room: string, holder: Pick<Member, 'fold' | 'token'>): Promise<void> {
    const followed = this.#rooms.get(room)
    const member = [...(followed?.people.members ?? [])].find(({ token }) => token === holder.token)
    if ((await this.#place.release(room, holder)) && member !== undefined) followed?.listener.expired(member)
  }

  async #isAlive(token: string): Promise<boolean> {
    if ((this.#process?.session(token)?.left ?? 0) > 0) return true
    return ((await this.#place.left([token]))[0] ?? 0) > 0
  }

  /** The place has lost a room's people: those that this process knows take their names again. */
  async #reclaim(room: string, members: Iterable<Member>): Promise<void> {
    for (const { token } of members) {
      const session = this.#process?.session(token)
      if (session === undefined || session.left <= 0) continue
      await this.claim(room, session).catch((error: unknown) => {
        // Another session was faster, and has the name now.
        if (!(error instanceof ChatError) || error.code !== 'name_taken') throw error
      })
      // The session may have ended meanwhile.
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
    // If this is lost, each process counts for itself.
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
    // The link has already told that the place is away.
    if (!(error instanceof ChatError)) this.#options.log.error('directory', error)
  }
}
