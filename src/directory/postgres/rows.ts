// Parses what PostgreSQL answers about people. Code behind this trusts the values.

import { type KnownSession, type Member, NO_ORDERS } from '../../core/people/directory.js'
import type { Row } from '../../stores/postgres/rows.js'
import { parseFacts, type People } from '../shared/people.js'
import type { Claimed } from '../shared/place.js'

export function parseSession(token: string, [row]: readonly Row[]): KnownSession | undefined {
  if (row === undefined) return undefined
  const { facts, moderates, rooms } = row
  return { token, ...parseFacts(String(facts)), moderates: moderates === true, rooms: rooms as readonly string[] }
}

type Name = Member & { readonly room: string; readonly hand: number | null }
type Mute = { readonly fold: string; readonly until: number }

export function parsePeople([row]: readonly Row[]): People {
  if (row === undefined) return { born: '', version: 0, members: new Map(), orders: NO_ORDERS }
  const members = new Map<string, Member>()
  const hands = new Map<string, number>()
  for (const { fold, place, token, username, hand } of row['names'] as readonly Name[]) {
    members.set(fold, { fold, place, token, username })
    if (hand !== null) hands.set(fold, hand)
  }
  const muted = new Map((row['mutes'] as readonly Mute[]).map(({ fold, until }) => [fold, until]))
  const orders = { isClosed: row['closed'] === true, slow: Number(row['slow']), muted, hands }
  return { ...parseVersion(row), members, orders }
}

export function parseVersion({ born, version }: Row): Pick<People, 'born' | 'version'> {
  return { born: String(born), version: Number(version) }
}

export function parseClaimed(row: Row, token: string): Claimed {
  const { place, is_new: isNew, held_by: heldBy } = row
  return heldBy === token ? { place: Number(place), isNew: isNew === true } : { heldBy: String(heldBy) }
}
