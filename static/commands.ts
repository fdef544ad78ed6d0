// Lines that begin with a slash, as the terminal client knows them. Loaded with the first one.
//
//     /join den        done, or a sentence above the box, and the line stays in it
//     /nonsense        a sentence that says how to send it as it is
//     //nonsense       sends: /nonsense

import { defaultPlatform as platform } from '../src/client/platform.js'
import { call } from '../src/client/wire.js'
import { BASE } from './base.js'
import { element } from './element.js'
import { later } from './later-words.js'
import { type Rooms, whyNoRoom } from './rooms.js'
import type { Session } from './session.js'
import { asFields, asStrings } from './storage.js'
import { whyRefused } from './welcome.js'
import { numberWords, say } from './words.js'

export type CommandParts = {
  readonly rooms: Rooms
  readonly session: Session
  readonly leave: (room: string) => void
  readonly send: (text: string) => void
  /** Opens the search. */
  readonly search: (words: string) => void
  /** Shows an answer behind the messages, for this person alone. */
  readonly reply: (...answer: (Node | string)[]) => void
}

const COMMANDS = [
  [`/join ${later.roomArgument}`, later.helpJoin],
  [`/leave [${later.roomArgument}]`, later.helpLeave],
  [`/who [${later.roomArgument}]`, later.helpWho],
  ['/rooms', later.helpRooms],
  [`/search ${later.textArgument}`, later.helpSearch],
  ['/hand', later.helpHand],
  ['/slow 10', later.helpSlow],
  [`/me ${later.textArgument}`, later.helpMe],
  ['/help', later.helpHelp],
  ['/quit', later.helpQuit],
  [`//${later.textArgument}`, later.helpSlash],
  [`@${later.nameArgument}`, later.helpMention],
  ['Ctrl+Shift+F', later.helpFind],
] as const

/** Obeys a line. Returns the reason why not, as a sentence, or nothing. */
export async function runCommand(line: string, parts: CommandParts): Promise<string> {
  if (line.startsWith('//')) {
    parts.send(line.slice(1))
    return ''
  }
  const word = /^\/(\S*)/.exec(line)?.[1] ?? ''
  const rest = line.slice(1 + word.length).trim()
  const room = rest.replace(/^#/, '')
  const here = parts.rooms.current
  switch (word) {
    case 'join':
      return join(room, parts)
    case 'leave':
      return leave(room === '' ? here : room, parts)
    case 'quit':
    case 'exit':
      parts.session.forget()
      return ''
    case 'help':
      parts.reply(helpList())
      return ''
    case 'who':
      return ask(parts, `/members?room=${encodeURIComponent(room === '' ? here : room)}`, (answer) => {
        const names = asStrings(answer['members'])
        parts.reply(names.length === 0 ? later.nobodyIsThere : `${numberWords(names.length)}: `, ...listed(names))
      })
    case 'rooms':
      return ask(parts, '/rooms', (answer) => {
        const rooms = Array.isArray(answer['rooms']) ? answer['rooms'].map(asFields) : []
        const names = rooms.map(({ room: name, members }) => `#${String(name)} (${String(members)})`)
        parts.reply(names.length === 0 ? later.noRoomYet : '', ...listed(names))
      })
    case 'search':
      parts.search(rest)
      return ''
    case 'hand':
      return raiseHand(parts)
    case 'slow':
      return ask(parts, '/slow', () => undefined, { room: here, seconds: Number(rest) })
    case 'me':
      return later.whatYouDo
    default:
      return say(later.noCommand, { command: `/${word}`, slashes: `/${line}` })
  }
}

async function join(room: string, { rooms }: CommandParts): Promise<string> {
  const sentence = await whyNoRoom(room, rooms.open)
  if (sentence === '') rooms.go(room)
  return sentence
}

function leave(room: string, { rooms: { open }, leave: go }: CommandParts): string {
  if (!open.includes(room)) return say(later.notIn, { room })
  if (open.length === 1) return later.onlyRoom
  go(room)
  return ''
}

/** Puts the hand up, or down where the server says that it is up. */
async function raiseHand(parts: CommandParts): Promise<string> {
  const room = parts.rooms.current
  let up = true
  const sentence = await ask(parts, `/members?room=${room}`, ({ hands }) => {
    up = !asStrings(hands).includes(parts.session.username)
  })
  return sentence === '' ? ask(parts, '/hand', () => undefined, { room, up }) : sentence
}

/** Asks the server, or with a body tells it something. Returns the reason why not, or nothing. */
function ask(
  { session: { token } }: CommandParts,
  path: string,
  show: (answer: Partial<Record<string, unknown>>) => void,
  body?: object,
): Promise<string> {
  return tryTo(async () => show(asFields(await call(platform, { url: BASE, path, body, token }))))
}

/** Returns the reason why it could not be done, or nothing. */
async function tryTo(act: () => Promise<void>): Promise<string> {
  try {
    await act()
    return ''
  } catch (error) {
    return whyRefused(error)
  }
}

function listed(names: readonly string[]): (Node | string)[] {
  return names.flatMap((name, i) => [i === 0 ? '' : ', ', element('bdi', {}, name)])
}

function helpList(): HTMLElement {
  const rows = COMMANDS.flatMap(([command, why]) => [
    element('dt', {}, element('code', { dir: 'ltr' }, command)),
    element('dd', {}, why),
  ])
  return element('dl', { class: 'help' }, ...rows)
}
