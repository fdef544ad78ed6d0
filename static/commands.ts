// Lines that begin with a slash, as the terminal client knows them. Loaded with the first one.
//
//     /join den        done, or a sentence below the box, and the line stays in it
//     /nonsense        a sentence that says how to send it as it is
//     //nonsense       sends: /nonsense

import { defaultPlatform as platform } from '../src/client/platform.js'
import { call } from '../src/client/wire.js'
import { BASE } from './base.js'
import { element } from './element.js'
import { asFields, asStrings } from './storage.js'
import { whyRefused } from './welcome.js'

export type CommandParts = {
  readonly room: () => string
  readonly rooms: () => readonly string[]
  /** Opens a room. Returns why that cannot be, or nothing. */
  readonly join: (room: string) => string
  readonly leave: (room: string) => void
  readonly quit: () => void
  readonly send: (text: string) => void
  /** Shows an answer behind the messages, to this person alone. */
  readonly reply: (...answer: (Node | string)[]) => void
}

const COMMANDS = [
  ['/join ROOM', 'opens a room, or goes back to one'],
  ['/leave [ROOM]', 'leaves this room, or another'],
  ['/who [ROOM]', 'who is here'],
  ['/rooms', 'which rooms there are'],
  ['/me TEXT', 'says what you do: /me waves'],
  ['/help', 'this list'],
  ['/quit', 'gives your name back'],
  ['//TEXT', 'says something that begins with a slash'],
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
  switch (word) {
    case 'join':
      return parts.join(room)
    case 'leave':
      return leave(room === '' ? parts.room() : room, parts)
    case 'quit':
    case 'exit':
      parts.quit()
      return ''
    case 'help':
      parts.reply(helpList())
      return ''
    case 'who':
      return ask(`/members?room=${encodeURIComponent(room === '' ? parts.room() : room)}`, (answer) => {
        const names = asStrings(answer['members'])
        parts.reply(names.length === 0 ? 'Nobody is there.' : `${names.length}: `, ...listed(names))
      })
    case 'rooms':
      return ask('/rooms', (answer) => {
        const rooms = Array.isArray(answer['rooms']) ? answer['rooms'].map(asFields) : []
        const names = rooms.map(({ room: name, members }) => `#${String(name)} (${String(members)})`)
        parts.reply(names.length === 0 ? 'There is no room yet.' : '', ...listed(names))
      })
    case 'me':
      return 'Write what you do: /me waves.'
    default:
      return `/${word} is no command: /help lists them. To say it as it is, begin with two slashes: /${line}`
  }
}

function leave(room: string, { rooms, leave: go }: CommandParts): string {
  if (!rooms().includes(room)) return `You are not in ${room}.`
  if (rooms().length === 1) return 'This is the only room that is open: /quit gives your name back.'
  go(room)
  return ''
}

async function ask(path: string, show: (answer: Partial<Record<string, unknown>>) => void): Promise<string> {
  try {
    show(asFields(await call(platform, { url: BASE, path })))
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
    element('dt', {}, element('code', {}, command)),
    element('dd', {}, why),
  ])
  return element('dl', { class: 'help' }, ...rows)
}
