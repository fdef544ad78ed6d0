// What a typed line means. A line that begins with a slash is a command. Any other is a message in the active room.

import { parseRoom, parseUsername } from '../core/rooms/message.js'
import { ChatError } from '../core/errors.js'

export type Command =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'join'; readonly room: string }
  | { readonly kind: 'leave'; readonly room: string | undefined }
  | { readonly kind: 'who'; readonly room: string | undefined }
  /** Changes one's own newest message in the active room. */
  | { readonly kind: 'edit'; readonly text: string }
  | { readonly kind: 'delete' }
  /** About the newest message of this name, or of any other person. */
  | { readonly kind: 'reply' | 'react'; readonly name: string | undefined; readonly text: string }
  | { readonly kind: 'search'; readonly words: string }
  | { readonly kind: 'nick'; readonly username: string }
  | { readonly kind: 'rooms' }
  | { readonly kind: 'hand' }
  | { readonly kind: 'help' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'nothing' }
  /** Not understood; the sentence says what to do. */
  | { readonly kind: 'wrong'; readonly why: string }

/** The commands as /help lists them. */
export const COMMANDS = [
  { command: '/join ROOM', why: 'enter a room, or go back to one; what you type then goes there' },
  { command: '/leave [ROOM]', why: 'leave this room, or another; leaving the last one ends the program' },
  { command: '/who [ROOM]', why: 'who is here' },
  { command: '/rooms', why: 'which rooms there are' },
  { command: '/me TEXT', why: 'say what you do: /me waves' },
  { command: '/edit TEXT', why: 'say your last message anew' },
  { command: '/delete', why: 'take your last message back' },
  { command: '/reply [@NAME] TEXT', why: 'answer the last message, or the last one of NAME' },
  { command: '/react [@NAME] EMOJI', why: 'put an emoji under it, or take yours back: /react 👍' },
  { command: '/search WORDS', why: 'what was said here with these words' },
  { command: '/hand', why: 'put your hand up, or down again; /who shows whose are up' },
  { command: '/nick NAME', why: 'go on under another name, in every room' },
  { command: '/help', why: 'this list' },
  { command: '/quit', why: 'leave and end; exit, Ctrl-C, and Ctrl-D on an empty line do the same' },
  { command: '//TEXT', why: 'say something that begins with a slash' },
] as const

export function parseCommand(line: string): Command {
  if (line.trim() === '') return { kind: 'nothing' }
  if (line.trim() === 'exit') return { kind: 'quit' }
  if (line.startsWith('//')) return { kind: 'say', text: line.slice(1) }
  if (!line.startsWith('/')) return { kind: 'say', text: line }
  const word = /^\/(\S*)/u.exec(line)?.[1] ?? ''
  const rest = line.slice(1 + word.length).trim()
  try {
    return commandOf(word, rest, line)
  } catch (error) {
    if (error instanceof ChatError) return { kind: 'wrong', why: error.message }
    throw error
  }
}

function commandOf(word: string, rest: string, line: string): Command {
  // People write #den for a room, as the page does in its address.
  const room = (): string | undefined => (rest === '' ? undefined : parseRoom(rest.replace(/^#/, '')))
  switch (word) {
    case 'join':
      return { kind: 'join', room: room() ?? parseRoom(undefined) }
    case 'leave':
    case 'who':
      return { kind: word, room: room() }
    case 'nick':
      return rest === ''
        ? { kind: 'wrong', why: 'say which name: /nick ada' }
        : { kind: 'nick', username: parseUsername(rest) }
    case 'edit':
      return rest === '' ? { kind: 'wrong', why: 'say what it should be: /edit hello' } : { kind: 'edit', text: rest }
    case 'delete':
      return rest === ''
        ? { kind: 'delete' }
        : { kind: 'wrong', why: '/delete takes your last message back, and needs no more words' }
    case 'reply':
    case 'react': {
      const [begin = '', name] = /^@(\S+)(?:\s|$)/u.exec(rest) ?? []
      const text = rest.slice(begin.length).trimStart()
      const example = word === 'reply' ? '/reply yes, or /reply @ada yes' : '/react 👍, or /react @ada 👍'
      return text === '' ? { kind: 'wrong', why: `say what: ${example}` } : { kind: word, name, text }
    }
    case 'search':
      return rest === ''
        ? { kind: 'wrong', why: 'say what to look for: /search exam' }
        : { kind: 'search', words: rest }
    case 'msg':
    case 'query':
      // Sending it to everyone would embarrass a person who knows these commands from other chats.
      return {
        kind: 'wrong',
        why: `/${word} did nothing: everything said in a room is read by all who are in it. To speak to one of them there, begin with the name: bob: hello`,
      }
    case 'rooms':
    case 'hand':
    case 'help':
    case 'quit':
      return { kind: word }
    case 'exit':
      return { kind: 'quit' }
    case 'me':
      return rest === '' ? { kind: 'wrong', why: 'say what you do: /me waves' } : { kind: 'say', text: `/me ${rest}` }
    default:
      return {
        kind: 'wrong',
        why: `/${word} is no command: /help lists them. To say it as it is, begin with two slashes: /${line}`,
      }
  }
}
