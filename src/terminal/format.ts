// The form of a message. On a terminal, with the names in their colours and one's own name marked:
//
//     12:03 ada: shall we?
//     12:03>bob: yes, ada, with
//             pleasure                       a further row is indented, so it cannot pass for another message
//     12:04 #den eve: anybody here?          a room that is not the active one
//     12:04 * ada waves                      from `/me waves` (as in XMPP, XEP-0245)
//     12:05 eve (to ada: “shall we?”): yes   an answer
//     12:05 * bob gave 👍 to ada: “shall we?”
//     12:06 * ada changed “shall we?” to: shall we go?
//
// and in a pipe as one line, with the whole date: `2025-11-20 12:03:20 ada: shall we?`

import type { Gap, Message } from '../client/index.js'
import type { Paint } from './paint.js'
import { sanitize } from './sanitize.js'
import type { Told } from './seen.js'
import { widthOf, wrap } from './wrap.js'

export type Look = {
  readonly me: string
  /** The room that need not be named. */
  readonly room: string | undefined
  readonly paint: Paint
  readonly columns: number
}

const INDENT = '        '

/** A message as rows for people; undefined for a type that this client does not know. */
export function blockOf(message: Told, { me, room, paint, columns }: Look): string | undefined {
  const said = saidOf(message)
  if (said === undefined) return undefined
  const name = sanitize(namesOf(message))
  const elsewhere = message.room === room ? '' : `#${sanitize(message.room)} `
  const isMention = message.type === 'chat' && message.username !== me && mentionOf(me).test(said.text)
  const head = `${clock(message.timestamp)}${isMention ? '>' : ' '}${elsewhere}${said.before}${name}${said.after} `
  const [first = '', ...others] = rowsOf(said.text, widthOf(head), columns).map((row) =>
    marked(row, isMention ? me : undefined, paint),
  )
  const time = paint.dim(clock(message.timestamp))
  const between = `${isMention ? paint.mention('>') : ' '}${paint.dim(elsewhere)}${said.before}`
  const body = [
    `${paint.name(message.username, name)}${said.after} ${first}`,
    ...others.map((row) => INDENT + row),
  ].join('\n')
  return `${time}${between}${said.isEvent ? paint.dim(body) : body}`
}

/** A message with the name and the address of its file before what it says. */
export function withFile<T extends Message>(message: T, url: string): T {
  const { file, text } = message
  if (file === undefined) return message
  const said = text === file.name ? '' : ` ${text}`
  return { ...message, text: `[${file.name}] ${url}/files/${file.id}${said}` }
}

/** A message as one line for programs; undefined for a type that this client does not know. */
export function lineOf(message: Told, withRoom: boolean): string | undefined {
  const said = saidOf(message)
  if (said === undefined) return undefined
  const room = withRoom ? `#${sanitize(message.room)} ` : ''
  return `${day(message.timestamp)} ${clock(message.timestamp, true)} ${room}${said.before}${sanitize(namesOf(message))}${said.after} ${sanitize(said.text)}`
}

export function gapSentence({ room, reason, missed }: Gap): string {
  if (reason === 'overflow' && missed !== null)
    return `${missed} ${missed === 1 ? 'message' : 'messages'} missed in ${sanitize(room)}`
  return `${sanitize(room)} began anew: what was said there before is gone`
}

/** The local day of a time in milliseconds since 1970, as 2025-11-20. */
export function day(timestamp: number): string {
  const date = new Date(timestamp)
  return [String(date.getFullYear()).padStart(4, '0'), two(date.getMonth() + 1), two(date.getDate())].join('-')
}

type Said = {
  readonly before: string
  readonly after: string
  readonly text: string
  readonly isEvent: boolean
}

function saidOf(message: Told): Said | undefined {
  const { type, text, of } = message
  const event = (words: string): Said => ({ before: '* ', after: '', text: words, isEvent: true })
  if (type === 'join' || type === 'leave') return event(text)
  if (type === 'delete') return event(`removed ${whose(message)}`)
  if (type === 'edit') return event(`changed ${quoted(message)} to: ${text}`)
  if (type === 'reaction')
    return event(`${message.on === false ? `took back ${text} from` : `gave ${text} to`} ${about(message)}`)
  if (type !== 'chat') return undefined
  const answers = of === undefined ? '' : ` (to ${about(message)})`
  return text.startsWith('/me ')
    ? { before: '* ', after: sanitize(answers), text: text.slice(4), isEvent: false }
    : { before: '', after: `${sanitize(answers)}:`, text, isEvent: false }
}

/** At most so many code points of a message are quoted. */
const QUOTED = 30

/** The message that another one is about: its sender, and its beginning. */
function about({ about: said, of }: Told): string {
  if (said === undefined) return `message ${of}`
  return said.type === 'chat' ? `${said.username}: ${quoteOf(said)}` : `a message of ${said.username}`
}

function quoted({ about: said, of }: Told): string {
  return said?.type === 'chat' ? quoteOf(said) : `message ${of}`
}

/** The same without the text, for a message that was taken out. */
function whose({ about: said, of, username }: Told): string {
  if (said === undefined) return `message ${of}`
  return said.username === username ? 'a message' : `a message of ${said.username}`
}

function quoteOf({ text }: Message): string {
  const points = Array.from(text.replaceAll(/\s+/gu, ' '))
  return `“${points.length > QUOTED ? `${points.slice(0, QUOTED).join('')}…` : points.join('')}”`
}

/** The names of a message: several where people reacted at one time. */
function namesOf({ by, username }: Message): string {
  return by?.join(', ') ?? username
}

function rowsOf(text: string, head: number, columns: number): string[] {
  const width = columns - INDENT.length
  return text.split('\n').flatMap((line, index) => wrap(sanitize(line), index === 0 ? columns - head : width, width))
}

function marked(row: string, me: string | undefined, paint: Paint): string {
  return me === undefined ? row : row.replaceAll(mentionOf(me), (found) => paint.mention(found))
}

/** A person's name as a word, with or without @, in any case of letters. */
function mentionOf(me: string): RegExp {
  const name = me.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
  return new RegExp(String.raw`@?(?<![\p{L}\p{N}_])${name}(?![\p{L}\p{N}_])`, 'giu')
}

function clock(timestamp: number, seconds = false): string {
  const date = new Date(timestamp)
  const parts = [date.getHours(), date.getMinutes(), ...(seconds ? [date.getSeconds()] : [])]
  return parts.map(two).join(':')
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
