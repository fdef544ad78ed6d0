// The place where processes keep people for each other, in memory: chats of one test share it as servers share a Redis.

import { expect, onTestFinished } from 'vitest'
import { Chat } from '../../src/core/chat.js'
import type { Clock, Random } from '../../src/core/clock.js'
import { ChatError } from '../../src/core/errors.js'
import type { Member } from '../../src/core/people/directory.js'
import type { Rates } from '../../src/core/people/limits.js'
import type { Session } from '../../src/core/people/sessions.js'
import type { Store } from '../../src/core/rooms/store.js'
import { SharedDirectory } from '../../src/directory/shared/directory.js'
import { formatChange, formatFacts, formatOrdered, parseFacts } from '../../src/directory/shared/people.js'
import type { Order, PeoplePlace } from '../../src/directory/shared/place.js'
import { memoryStore } from '../../src/stores/memory.js'
import { FakeClock } from './clock.js'
import { fixedRandom } from './random.js'

type Kept = { facts: string; moderates: boolean; readonly rooms: Set<string>; until: number }

type Here = {
  born: string
  version: number
  readonly members: Map<string, Member>
  isClosed: boolean
  slow: number
  readonly muted: Map<string, number>
  readonly hands: Map<string, number>
}

export class SharedPeople {
  /** While it is away, every call is refused. */
  isHere = true
  /** Are the news of people lost, which tell the other processes at once? */
  losesNews = false
  readonly #clock: Clock
  readonly #sessions = new Map<string, Kept>()
  readonly #rooms = new Map<string, Here>()
  readonly #authors = new Map<string, string>()
  readonly #hearers = new Map<string, Set<(text: string) => void>>()
  readonly #directories = new Set<SharedDirectory>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The directory of one process. */
  open(random: Random): SharedDirectory {
    const clock = this.#clock
    // What is to run soon runs in the next turn, also where a test holds the time.
    const soon = (call: () => void): void => void setImmediate(call)
    const directory: SharedDirectory = new SharedDirectory(
      {
        clock: { now: () => clock.now(), date: () => clock.date(), after: (ms, call) => clock.after(ms, call), soon },
        random,
        log: { info: () => undefined, error: (_event, error) => expect.unreachable(String(error)) },
      },
      this.#placeOf((counts) => {
        for (const other of this.#directories) if (other !== directory) other.counted(counts)
      }),
    )
    this.#directories.add(directory)
    return directory
  }

  #placeOf(tellCounts: PeoplePlace['tellCounts']): PeoplePlace {
    const isHere = (): boolean => this.isHere
    return {
      get isHere() {
        return isHere()
      },
      find: async (token) => {
        const kept = this.#ask().#session(token)
        if (kept === undefined) return undefined
        return { token, ...parseFacts(kept.facts), moderates: kept.moderates, rooms: [...kept.rooms] }
      },
      keep: async (keeps) => {
        this.#ask()
        for (const { session, ms, room, isWritten = false } of keeps) {
          const { token, moderates } = session
          const before = this.#session(token)
          const kept = before ?? { facts: '', moderates, rooms: new Set(), until: 0 }
          if (isWritten || before === undefined) kept.facts = formatFacts(session)
          if (isWritten) kept.moderates ||= moderates
          if (room !== undefined) kept.rooms.add(room)
          kept.until = Math.max(kept.until, this.#clock.now() + ms)
          this.#sessions.set(token, kept)
        }
      },
      end: async (token) => void this.#ask().#sessions.delete(token),
      left: async (tokens) => {
        this.#ask()
        return tokens.map((token) => (this.#session(token)?.until ?? 0) - this.#clock.now())
      },
      claim: async (name, { fold, token, username }) => {
        const room = this.#ask().#room(name)
        const held = room.members.get(fold)
        if (held !== undefined && held.token !== token) return { heldBy: held.token }
        if (held !== undefined) return { place: held.place, isNew: false }
        const member = { fold, token, username, place: change(room) }
        room.members.set(fold, member)
        this.#tell(name, formatChange('held', room, member))
        return { place: member.place, isNew: true }
      },
      release: async (name, { fold, token }) => {
        const room = this.#ask().#room(name)
        const member = room.members.get(fold)
        if (member?.token !== token) return false
        room.members.delete(fold)
        room.hands.delete(fold)
        change(room)
        this.#tell(name, formatChange('freed', room, member))
        return true
      },
      forget: async (token, room) => void this.#ask().#session(token)?.rooms.delete(room),
      areHeld: async (room, folds) => {
        const { members } = this.#ask().#room(room)
        return folds.map((fold) => members.has(fold))
      },
      people: async (room) => {
        const { born, version, members, isClosed, slow, muted, hands } = this.#ask().#room(room)
        const orders = { isClosed, slow, muted: new Map(muted), hands: new Map(hands) }
        return { born, version, members: new Map(members), orders }
      },
      moved: async (known) => {
        this.#ask()
        return [...known].flatMap(([name, people]) => {
          const { born, version } = this.#room(name)
          return people.isAt(born, version) ? [] : [name]
        })
      },
      order: async (name, order, now) => {
        const room = this.#ask().#room(name)
        for (const [fold, until] of room.muted) if (until <= now) room.muted.delete(fold)
        if (!obey(room, order)) return
        this.#tell(name, formatOrdered(room))
      },
      listen: async (room, hear) => {
        const hearers = this.#ask().#hearers.get(room) ?? new Set()
        this.#hearers.set(room, hearers.add(hear))
        return () => hearers.delete(hear)
      },
      tell: (room, text) => this.#tell(room, text),
      tellCounts,
      wrote: async (authored) => {
        this.#ask()
        for (const { place, author } of authored) this.#authors.set(place, author)
      },
      authorOf: async (place) => this.#ask().#authors.get(place),
      tidy: async () => undefined,
      close: () => undefined,
    }
  }

  #ask(): this {
    if (this.isHere) return this
    throw new ChatError('unavailable', 'the people are away')
  }

  #session(token: string): Kept | undefined {
    const kept = this.#sessions.get(token)
    return kept === undefined || kept.until <= this.#clock.now() ? undefined : kept
  }

  #room(name: string): Here {
    const empty = { born: '', version: 0, isClosed: false, slow: 0 }
    const room = this.#rooms.get(name) ?? { ...empty, members: new Map(), muted: new Map(), hands: new Map() }
    this.#rooms.set(name, room)
    return room
  }

  #tell(room: string, text: string): void {
    if (this.isHere && !this.losesNews) for (const hear of this.#hearers.get(room) ?? []) hear(text)
  }
}

/** Another version of a room's people: the place of a person, and the number of a hand. */
function change(room: Here): number {
  room.born = 'born'
  return ++room.version
}

/** Does the order change anything? */
function obey(room: Here, order: Order): boolean {
  if ('hand' in order) {
    const { hand, token, isUp } = order
    const held = room.members.get(hand)
    if (held === undefined || (token !== '' && held.token !== token) || room.hands.has(hand) === isUp) return false
    room.hands.delete(hand)
    if (isUp) room.hands.set(hand, room.version + 1)
  } else if ('isClosed' in order) room.isClosed = order.isClosed
  else if ('slow' in order) room.slow = order.slow
  else if (order.until > 0) room.muted.set(order.fold, order.until)
  else room.muted.delete(order.fold)
  change(room)
  return true
}

export type Processes = {
  readonly people: SharedPeople
  /** One process more. It ends with its test. */
  readonly start: () => Chat
}

/** Chats that share their messages and their people, as several processes do. */
export function createProcesses(clock: Clock, random: Random, rates?: Rates): Processes {
  const people = new SharedPeople(clock)
  const store = listed(memoryStore(500, random))
  const limits = { rooms: 1000, bytes: 1e9, sessions: 1000 }
  const start = (): Chat => {
    const chat = new Chat({ store, directory: people.open(random), clock, random, ringSize: 500, limits, rates })
    onTestFinished(() => chat.close())
    return chat
  }
  return { people, start }
}

/** Two of them on a clock that the test holds. */
export function createTwo(rates?: Rates) {
  const clock = new FakeClock()
  const { people, start } = createProcesses(clock, fixedRandom(), rates)
  return { clock, people, one: start(), other: start() }
}

/** The session as another process knows it. */
export async function known(chat: Chat, { token }: Session): Promise<Session> {
  await chat.sessions.reach(token)
  return chat.sessions.get(token)
}

/** The store of several processes can tell which rooms there are. */
function listed(store: Store): Store {
  const names = new Set<string>()
  return {
    ...store,
    append: (room, draft) => {
      names.add(room)
      return store.append(room, draft)
    },
    listRooms: async () => [...names],
  }
}

/** Lets time pass as it does: what is done each second is done in each of them. */
export async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1000) {
    clock.advance(Math.min(left, 1000))
    await new Promise((resolve) => setImmediate(resolve))
  }
}
