// What /rooms, /who and /help print.

import { COMMANDS } from './commands.js'

const WIDTH = Math.max(...COMMANDS.map(({ command }) => command.length))

export function helpRows(): string {
  return COMMANDS.map(({ command, why }) => `${command.padEnd(WIDTH)} ${why}`).join('\n')
}

/** The answer of `GET /members` as one row. */
export function whoRow(answer: unknown): string {
  const { room, members } = fieldsOf(answer)
  const names = Array.isArray(members) ? members.map(String) : []
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

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`
}

function fieldsOf(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
