// Parses what the directory has written into Redis. Code behind this trusts the values.

import type { KnownSession, Member } from '../../core/people/directory.js'
import type { Session } from '../../core/people/sessions.js'
import { parsePairs } from '../../stores/redis/replies.js'
import { formatFacts, memberOf, parseFacts, type People } from '../shared/people.js'

export function parsePeople(reply: unknown): People {
  const fields = parsePairs(reply)
  const members = new Map<string, Member>()
  const muted = new Map<string, number>()
  const hands = new Map<string, number>()
  for (const [name, value] of fields) {
    if (name.startsWith('n:')) members.set(name.slice(2), memberOf(name.slice(2), value))
    if (name.startsWith('m:')) muted.set(name.slice(2), Number(value))
    if (name.startsWith('h:')) hands.set(name.slice(2), Number(value))
  }
  const orders = { isClosed: fields.has('closed'), slow: Number(fields.get('slow') ?? 0), muted, hands }
  return { born: fields.get('born') ?? '', version: Number(fields.get('version') ?? 0), members, orders }
}

/** Undefined where there is no such session. */
export function parseSession(token: string, reply: unknown): KnownSession | undefined {
  const fields = parsePairs(reply)
  const json = fields.get('json')
  if (json === undefined) return undefined
  const rooms = [...fields.keys()].flatMap((name) => (name.startsWith('r:') ? [name.slice(2)] : []))
  return { token, ...parseFacts(json), moderates: fields.get('moderates') === '1', rooms }
}

/** The fields of a session, and their values. Who was made a moderator stays one, whoever writes. */
export function fieldsOf(session: Session): string[] {
  const joined = [...session.rooms].flatMap(({ name }) => [`r:${name}`, '1'])
  return ['json', formatFacts(session), ...(session.moderates ? ['moderates', '1'] : []), ...joined]
}
