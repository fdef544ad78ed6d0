// The rows that /rooms, /who, /search and /help print.

import type { Message } from '../client/index.js'
import { COMMANDS } from './commands.js'
import { lineOf } from './format.js'

const WIDTH = Math.max(...COMMANDS.map(({ command }) => command.length))

export function helpRows(): string {
  return COMMANDS.map(({ command, why }) => `${command.padEnd(WIDTH)} ${why}`).join('\n')
}

/** Whose hands are up, as the answer of `GET /members` says it, in the order in which they went up. */
export function handsOf(answer: unknown): string[] {
  const { hands } = fieldsOf(answer)
  return Array.isArray(hands) ? hands.map(String) : []
}

/** The answer of `GET /members` as one row. */
export function whoRow(answer: unknown): string {
  const { room, members } = fieldsOf(answer)
  const hands = handsOf(answer)
  const names = (Array.isArray(members) ? members.map(String) : []).map((name) =>
    hands.includes(name) ? `${name} ✋${hands.indexOf(name) + 1}` : name,
  )
  return `${String(room)}: ${names.length === 0 ? 'nobody' : names.join(', ')}`
}

/** The answer of `GET /rooms`, the fullest room first. */
export function roomRows(answer: unknown): string {
  const { rooms } = fieldsOf(answer)
  const rows = (Array.isArray(rooms) ? rooms : []).map((entry) => {
    const { room, members, last } = fieldsOf(entry)
    return { room: String(room), members: Number(members), last: Number(last) }
  })
  if (rows.length === 0) return 'there are no rooms yet'
  const width = Math.max(...rows.map(({ room }) => room.length))
  const sorted = rows.toSorted((a, b) => b.members - a.members || (a.room < b.room ? -1 : 1))
  return sorted
    .map(
      ({ room, members, last }) =>
        `${room.padEnd(width)}  ${count(members, 'person', 'people')}, ${count(last, 'message', 'messages')}`,
    )
    .join('\n')
}

/** What was found, the newest last; `isAll`: all of the past was looked through. */
export function foundRows(words: string, found: readonly Message[], isAll: boolean): string {
  const lines = found.flatMap((message) => lineOf(message, false) ?? [])
  const what = count(lines.length, 'message', 'messages')
  const head = lines.length === 0 ? 'nothing' : isAll ? what : `the newest ${what}`
  const rest = !isAll && lines.length === 0 ? ', as far back as it was looked' : ''
  return [`${head} with “${words}”${rest}${lines.length === 0 ? '' : ':'}`, ...lines].join('\n')
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`
}

function fieldsOf(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
