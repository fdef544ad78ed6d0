// How messages look as lines: for programs (`MSG lobby ada hi`) and for people with `nc` (`[ada]: hi`).
//
// One message is always one line. A name has no space (it becomes `_`), a text has no line feed (it becomes a
// backslash and an n), and neither has a control character, because the chat accepts none. So no sender can forge
// another's line, or give a terminal an order.

import type { Message } from '../../core/rooms/message.js'
import { type Cut, Frames } from '../../core/rooms/stream.js'

export type LineForm = {
  /** A message as a line, without its end; undefined for a type that this form does not know. */
  readonly line: (message: Message) => string | undefined
  /** `count`: how many messages; null where that is unknown. */
  readonly missed: (count: number | null, room: string) => string
}

export function asWord(username: string): string {
  return username.replaceAll(' ', '_')
}

// Line and paragraph separators are no control characters, but some programs end a line at them.
function asRest(text: string): string {
  return text.replace(/[\n\u2028\u2029]/g, '\\n')
}

/** What a message says; one that carries a file begins with its name. */
function saidOf({ text, file }: Message): string {
  if (file === undefined) return asRest(text)
  return asRest(text === file.name ? `[${file.name}]` : `[${file.name}] ${text}`)
}

export const COMMAND_FORM: LineForm = {
  line(message) {
    const { type, room, username } = message
    if (type === 'chat') return `MSG ${room} ${asWord(username)} ${saidOf(message)}`
    if (type === 'join') return `INFO ${asWord(username)} joined ${room}`
    if (type === 'leave') return `INFO ${asWord(username)} left ${room}`
    const change = changeOf(message)
    return change === undefined ? undefined : `INFO ${room}: ${change}`
  },
  missed: (count, room) => `INFO missed ${count ?? 'some'} messages in ${room}`,
}

export const PLAIN_FORM: LineForm = {
  line(message) {
    const { type, username } = message
    if (['chat', 'join', 'leave'].includes(type)) return `[${asWord(username)}]: ${saidOf(message)}`
    const change = changeOf(message)
    return change === undefined ? undefined : `* ${change}`
  },
  missed: (count) => `* missed ${count ?? 'some'} messages`,
}

/** A change to an earlier message, in words. Only lines of the server begin like the lines that carry it. */
function changeOf({ type, of, username, by, on, text }: Message): string | undefined {
  if (of === undefined) return undefined
  const names = (by ?? [username]).map(asWord).join(' ')
  if (type === 'edit') return `${names} changed message ${of} to: ${asRest(text)}`
  if (type === 'delete') return `${names} removed message ${of}`
  if (type !== 'reaction') return undefined
  return on === false
    ? `${names} took back ${asRest(text)} from message ${of}`
    : `${names} gave ${asRest(text)} to message ${of}`
}

/** A gap and the messages behind it. `lineOf` says which messages become lines, and how. */
export function linesOf({ gap, entries, room }: Cut, form: LineForm, lineOf: LineForm['line'] = form.line): string[] {
  const lines = gap === undefined ? [] : [form.missed(gap.missed, room.name)]
  for (const { message } of entries) {
    const line = lineOf(message)
    if (line !== undefined) lines.push(line)
  }
  return lines
}

/** The frames of all readers in one form, as bytes. */
export function framesOf(form: LineForm): Frames<Buffer> {
  return new Frames((cut) => bytesOf(linesOf(cut, form)))
}

export function bytesOf(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''))
}
