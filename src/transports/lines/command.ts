// Parses a line. The first word decides, in any case of letters. A first line without a command word is a name.

import { parseRoom, parseUsername } from '../../core/rooms/message.js'

export type LineCommand =
  | { readonly name: 'join'; readonly room: string; readonly username: string }
  | { readonly name: 'msg'; readonly room: string; readonly text: string }
  | { readonly name: 'leave' | 'who'; readonly room: string }
  | { readonly name: 'rooms' | 'quit' | 'pass' }
  /** A command word with the wrong arguments. */
  | { readonly name: 'wrong' }

const WORD_LIST = ['JOIN', 'MSG', 'LEAVE', 'QUIT', 'WHO', 'ROOMS', 'PASS']
const WORDS = new RegExp(`^(?:${WORD_LIST.join('|')})$`, 'i')

const HTTP = /^[\w!#$%&'*+.^`|~-]+ +(?:\S+ +HTTP\/\d|\/|\*|https?:)/i

/** Parses a line; undefined when its first word is no command. Throws `bad_request` for an impossible room or name. */
export function parseCommand(line: string): LineCommand | undefined {
  const [word = '', ...args] = line.split(' ')
  if (!WORDS.test(word)) return undefined
  const [first, second = ''] = args
  const is = (name: string, count: number): boolean => word.toUpperCase() === name && args.length === count
  if (is('JOIN', 2)) return { name: 'join', room: parseRoom(first), username: parseUsername(second) }
  if (is('LEAVE', 1)) return { name: 'leave', room: parseRoom(first) }
  if (is('WHO', 1)) return { name: 'who', room: parseRoom(first) }
  if (is('ROOMS', 0)) return { name: 'rooms' }
  if (is('QUIT', 0)) return { name: 'quit' }
  // A password may have spaces.
  if (word.toUpperCase() === 'PASS' && args.length >= 1) return { name: 'pass' }
  // Everything behind the room is the text, with its spaces.
  const isMsg = word.toUpperCase() === 'MSG' && args.length >= 2
  return isMsg ? { name: 'msg', room: parseRoom(first), text: args.slice(1).join(' ') } : { name: 'wrong' }
}

/** May this beginning of a line become a command? Half a word counts only in capitals, as programs write it. */
export function mayBeCommand(text: string): boolean {
  const [word = ''] = text.split(' ')
  return WORDS.test(word) || WORD_LIST.some((whole) => whole.startsWith(text))
}

/** Is this the beginning of an HTTP request? A page of another site can make a browser send one to any port. */
export function looksLikeHttp(line: string): boolean {
  return HTTP.test(line)
}
