// The people of a room, and what processes tell each other about them, as text. Code behind this parser trusts the
// values.

import type { KnownSession, Member, Orders } from '../../core/people/directory.js'
import type { Identity } from '../../core/people/identity.js'
import type { Counted } from '../../core/people/limits.js'
import type { Session } from '../../core/people/sessions.js'

/** All people of a room. `born` is empty where nothing was ever written. */
export type People = {
  readonly born: string
  readonly version: number
  /** By fold. */
  readonly members: ReadonlyMap<string, Member>
  readonly orders: Orders
}

/** What happened in a room. News that do not tell it in full have to be followed by a read. */
export type PeopleNews =
  | { readonly kind: 'held' | 'freed'; readonly born: string; readonly version: number; readonly member: Member }
  | { readonly kind: 'ordered'; readonly born: string; readonly version: number }
  | { readonly kind: 'typing'; readonly fold: string; readonly token: string; readonly typing: boolean }

/** `BORN VERSION + FOLD PLACE TOKEN USERNAME`, the same with `-`, `BORN VERSION !`, or `~ FOLD TOKEN 1`. */
export function parseNews(text: string): PeopleNews {
  const [first = '', second = '', third = '', fourth = ''] = text.split(' ', 4)
  if (first === '~') return { kind: 'typing', fold: second, token: third, typing: fourth === '1' }
  const place = { born: first, version: Number(second) }
  if (third === '!') return { kind: 'ordered', ...place }
  const member = memberOf(fourth, text.slice([first, second, third, fourth].join(' ').length + 1))
  return { kind: third === '+' ? 'held' : 'freed', ...place, member }
}

export function formatChange(kind: 'held' | 'freed', place: Pick<People, 'born' | 'version'>, member: Member): string {
  const { fold, place: at, token, username } = member
  return `${place.born} ${place.version} ${kind === 'held' ? '+' : '-'} ${fold} ${at} ${token} ${username}`
}

export function formatOrdered({ born, version }: Pick<People, 'born' | 'version'>): string {
  return `${born} ${version} !`
}

export function formatTyping(fold: string, token: string, typing: boolean): string {
  return `~ ${fold} ${token} ${typing ? '1' : '0'}`
}

/** The parts of a session that never change, as text. */
export function formatFacts({ username, address, identity }: Session): string {
  const facts: Facts = {
    username,
    address,
    identity:
      identity === undefined
        ? undefined
        : { ...identity, rooms: identity.rooms === undefined ? undefined : [...identity.rooms] },
  }
  return JSON.stringify(facts)
}

export function parseFacts(text: string): Pick<KnownSession, 'username' | 'address' | 'identity'> {
  const { username, address, identity } = JSON.parse(text) as Facts
  if (identity === undefined) return { username, address, identity }
  return {
    username,
    address,
    identity: { ...identity, rooms: identity.rooms === undefined ? undefined : new Set(identity.rooms) },
  }
}

/** Counts of a process: `[FROM, [[WHAT, OF, TIMES], …]]`. */
export type Counts = readonly (readonly [what: Counted['what'], of: string, times: number])[]

export function formatCounts(from: string, counts: Counts): string {
  return JSON.stringify([from, counts])
}

export function parseCounts(text: string): readonly [from: string, counts: Counts] {
  return JSON.parse(text) as [string, Counts]
}

type Facts = {
  readonly username: string
  readonly address: string | undefined
  readonly identity: (Omit<Identity, 'rooms'> & { readonly rooms: readonly string[] | undefined }) | undefined
}

/** `PLACE TOKEN USERNAME`. */
export function memberOf(fold: string, text: string): Member {
  const [place = '', token = ''] = text.split(' ', 2)
  return { fold, place: Number(place), token, username: text.slice(place.length + token.length + 2) }
}
