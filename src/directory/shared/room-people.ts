// One room's people as this process knows them, kept like those in the shared place.
//
//     news (what changed, with a version) ──> is it the next one? ── yes ──> tell
//                                                  └── no ──> read all, tell what differs
//
// News may be lost, doubled or late: they only speed things up. `born` is made anew when a room's people were lost.
// Then the people whose sessions are alive here take their names again.

import { type Member, NO_ORDERS, type Orders, type RoomListener } from '../../core/people/directory.js'
import { Rounds } from '../../stores/shared/rounds.js'
import type { People, PeopleNews } from './people.js'

export type RoomPeopleParts = {
  readonly listener: RoomListener
  readonly read: () => Promise<People>
  /** Takes the names of these members again, if their sessions are ours. */
  readonly reclaim: (members: Iterable<Member>) => Promise<void>
}

export class RoomPeople {
  readonly #parts: RoomPeopleParts
  #born = ''
  #version = 0
  #members: Map<string, Member> = new Map()
  #orders = NO_ORDERS
  readonly #reads = new Rounds(() => this.#read())

  constructor(parts: RoomPeopleParts) {
    this.#parts = parts
  }

  get members(): Iterable<Member> {
    return this.#members.values()
  }

  /** Adds a member that has just come. The news of it may still be on its way. */
  add(member: Member): void {
    if ((this.#members.get(member.fold)?.place ?? 0) < member.place) this.#hold(member)
  }

  /** Is this room's state the newest one? */
  isAt(born: string, version: number): boolean {
    return born === this.#born && version === this.#version
  }

  /** Undefined when the news were told; a promise where something has to be read first. */
  hear(news: PeopleNews): Promise<void> | undefined {
    if (news.kind === 'typing') return this.#type(news)
    if (this.#reads.running !== undefined) return this.catchUp()
    if (news.born === this.#born && news.version <= this.#version) return undefined
    if (news.kind === 'ordered' || news.born !== this.#born || news.version !== this.#version + 1) return this.catchUp()
    this.#version = news.version
    if (news.kind === 'held') this.#hold(news.member)
    else this.#free(news.member)
    return undefined
  }

  /** Reads all people, and tells what differs. */
  catchUp(): Promise<void> {
    return this.#reads.run()
  }

  async #read(): Promise<void> {
    let people = await this.#parts.read()
    if (this.#born !== '' && people.born !== this.#born && this.#members.size > 0) {
      await this.#parts.reclaim(this.#members.values())
      people = await this.#parts.read()
    }
    this.#become(people)
  }

  #become({ born, version, members, orders }: People): void {
    this.#born = born
    this.#version = version
    for (const [fold, member] of this.#members) if (members.get(fold)?.token !== member.token) this.#free(member)
    for (const [fold, member] of members) if (this.#members.get(fold)?.place !== member.place) this.#hold(member)
    if (sameOrders(orders, this.#orders)) return
    this.#orders = orders
    this.#parts.listener.ordered(orders)
  }

  #hold(member: Member): void {
    this.#members.set(member.fold, member)
    this.#parts.listener.held(member)
  }

  #free(member: Member): void {
    this.#members.delete(member.fold)
    this.#parts.listener.freed(member)
  }

  #type({ fold, token, typing }: Extract<PeopleNews, { kind: 'typing' }>): undefined {
    const member = this.#members.get(fold)
    if (member?.token === token) this.#parts.listener.typing(member, typing)
  }
}

function sameOrders(one: Orders, other: Orders): boolean {
  if (one.isClosed !== other.isClosed || one.slow !== other.slow) return false
  return sameNumbers(one.muted, other.muted) && sameNumbers(one.hands, other.hands)
}

function sameNumbers(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean {
  return one.size === other.size && [...one].every(([fold, until]) => other.get(fold) === until)
}
