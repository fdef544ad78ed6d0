// Crowds: a room with many members answers who is there in turns, because the list of twenty thousand has 300 kB.
//
//     members, join ──> up to 500 members ──> at once
//                 └──> more ──> in turn, eight at a time (turns.ts)

import type { Clock } from './clock.js'
import type { Members } from './rooms/presence.js'
import type { Rooms } from './rooms/rooms.js'
import { Turns } from './turns.js'

const MANY_MEMBERS = 500
const ANSWERS = 8
const ANSWERS_WAITING = 1000

const NOBODY: Members = { members: [], membersJson: '[]', hands: [] }

export class Crowds {
  readonly #rooms: Rooms
  /** Is this process the only one that knows of people? */
  readonly #isAlone: boolean
  readonly #turns: Turns

  constructor(clock: Clock, rooms: Rooms, isAlone: boolean) {
    this.#rooms = rooms
    this.#isAlone = isAlone
    this.#turns = new Turns(clock, ANSWERS, ANSWERS_WAITING)
  }

  /** Does what lists a room's members, in its turn where they are many. Rejects with `unavailable` where too many wait. */
  run<T>(name: string, work: () => T | Promise<T>): T | Promise<T> {
    return (this.#rooms.get(name)?.presence.size ?? 0) > MANY_MEMBERS ? this.#turns.run(work) : work()
  }

  /** Who is in a room. Rejects with `unavailable` where too many ask a crowd. */
  async members(name: string): Promise<Members> {
    const here = this.#rooms.get(name)
    if (here !== undefined) return this.run(name, () => here.presence)
    if (this.#isAlone) return NOBODY
    const room = await this.#rooms.open(name)
    this.#rooms.settle(room)
    return room.presence
  }
}
