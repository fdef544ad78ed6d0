// Reads what the directory has written into Redis. This is a parser: what goes on from here is trusted.

import type { KnownSession, Member, Orders } from '../../core/people/directory.js'
import type { Identity } from '../../core/people/identity.js'
import type { Counted } from '../../core/people/limits.js'
import type { Session } from '../../core/people/sessions.js'
import { parsePairs } from '../../stores/redis/replies.js'

/** A room's people, whole. `born` is empty where nothing was ever written. */
export type People = {
  readonly born: string
  readonly version: number
  /** By fold. */
  readonly members: ReadonlyMap<string, Member>
  readonly orders: Orders
}

/** What happened in a room. What is not told in full is to be read. */
export type PeopleNews =
  | { readonly kind: 'held' | 'freed'; readonly born: string; readonly version: number; readonly member: Member }
  | { readonly kind: 'ordered'; readonly born: string; readonly version: number }
  | { readonly kind: 'typing'; readonly fold: string; readonly token: string; readonly typing: boolean }

export function parsePeople(reply: unknown): People {
  const fields = parsePairs(reply)
  const members = new Map<string, Member>()
  const muted = new Map<string, number>()
  for (const [name, value] of fields) {
    if (name.startsWith('n:')) members.set(name.slice(2), memberOf(name.slice(2), value))
    if (name.startsWith('m:')) muted.set(name.slice(2), Number(value))
  }
  const orders = { isClosed: fields.has('closed'), muted }
  return { born: fields.get('born') ?? '', version: Number(fields.get('version') ?? 0), members, orders }
}

/** `BORN VERSION + FOLD PLACE TOKEN USERNAME`, the same with `-`, `BORN VERSION !`, or `~ FOLD TOKEN 1`. */
export function parseNews(text: string): PeopleNews {
  const [first = '', second = '', third = '', fourth = ''] = text.split(' ', 4)
  if (first === '~') return { kind: 'typing', fold: second, token: third, typing: fourth === '1' }
  const place = { born: first, version: Number(second) }
  if (third === '!') return { kind: 'ordered', ...place }
  const member = memberOf(fourth, text.slice([first, second, third, fourth].join(' ').length + 1))
  return { kind: third === '+' ? 'held' : 'freed', ...place, member }
}

export function formatTyping(fold: string, token: string, typing: boolean): string {
  return `~ ${fold} ${token} ${typing ? '1' : '0'}`
}

/** Undefined where there is no such session. */
export function parseSession(token: string, reply: unknown): KnownSession | undefined {
  const fields = parsePairs(reply)
  const json = fields.get('json')
  if (json === undefined) return undefined
  const { username, address, identity } = JSON.parse(json) as Facts
  return {
    token,
    username,
    address,
    identity:
      identity === undefined
        ? undefined
        : { ...identity, rooms: identity.rooms === undefined ? undefined : new Set(identity.rooms) },
    moderates: fields.get('moderates') === '1',
    rooms: [...fields.keys()].flatMap((name) => (name.startsWith('r:') ? [name.slice(2)] : [])),
  }
}

/** The fields of a session, and their values. */
export function fieldsOf({ username, address, identity, moderates, rooms }: Session): string[] {
  const facts: Facts = {
    username,
    address,
    identity:
      identity === undefined
        ? undefined
        : { ...identity, rooms: identity.rooms === undefined ? undefined : [...identity.rooms] },
  }
  const joined = [...rooms].flatMap(({ name }) => [`r:${name}`, '1'])
  return ['json', JSON.stringify(facts), 'moderates', moderates ? '1' : '0', ...joined]
}

/** What a process has counted: `[FROM, [[WHAT, OF, TIMES], …]]`. */
export function parseCounts(text: string): { from: string; counts: readonly (readonly [Counted, number])[] } {
  const [from, counts] = JSON.parse(text) as [string, [Counted['what'], string, number][]]
  return { from, counts: counts.map(([what, of, times]) => [{ what, of }, times]) }
}

type Facts = {
  readonly username: string
  readonly address: string | undefined
  readonly identity: (Omit<Identity, 'rooms'> & { readonly rooms: readonly string[] | undefined }) | undefined
}

function memberOf(fold: string, text: string): Member {
  const [place = '', token = ''] = text.split(' ', 2)
  return { fold, place: Number(place), token, username: text.slice(place.length + token.length + 2) }
}
