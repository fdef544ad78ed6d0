// `mini-chat join`: a conversation in the terminal, or through a pipe.

import { isAddress, STANDARD_ROOM } from '../terminal/address.js'
import { parseRoom, parseUsername } from '../core/rooms/message.js'
import { UsageError, type Values } from '../flags.js'
import { TerminalScreen } from '../terminal/console.js'
import { letIn } from '../terminal/door.js'
import { HangUp } from '../terminal/hangup.js'
import { keptIn, NOTHING_KEPT, stateFolder } from '../terminal/kept.js'
import { helpRows } from '../terminal/lists.js'
import { NoName } from '../terminal/membership.js'
import { Outlet, PipeScreen } from '../terminal/pipe.js'
import { probe } from '../terminal/probe.js'
import type { Screen } from '../terminal/screen.js'
import { Talk } from '../terminal/talk.js'
import { sentenceOf } from '../terminal/errors.js'
import { sanitize } from '../terminal/sanitize.js'
import { SERVER, type Server, serverOf } from './server.js'
import { asUsage, given, HELP, type Io, readUsage, type Subcommand, type Usage } from './subcommand.js'

const USAGE: Usage = {
  name: 'join',
  usage: '[URL] [ROOM] [--as NAME]',
  settings: [
    {
      flag: 'as',
      short: 'a',
      value: 'NAME',
      default: '',
      why: 'the name to speak under; a terminal asks for a missing one, and a token has one in it',
    },
    ...SERVER,
    HELP,
  ],
  about: [
    `Enters ROOM (${STANDARD_ROOM} if it is not said) and talks. URL may name the room too: http://localhost:8000/#den.`,
    '',
    ...helpRows()
      .split('\n')
      .map((row) => `  ${row}`),
    '',
    'Where input or output is no terminal, each line of the input is said, the end of the input leaves, and each',
    'message is one line of the output. Ends with 0 after leaving, 1 when something failed, 2 for wrong usage.',
  ],
}

export const join: Subcommand = {
  name: 'join',
  summary: 'talk in the terminal: mini-chat join [URL] [ROOM] --as ada',
  async run(args, io) {
    const read = readUsage(USAGE, args, io)
    if (read === undefined) return 0
    const { url, room, credentials, gave } = placeOf(read.words, read.values, io.env)
    const name = given(read.values, 'as')
    const username = name === undefined ? undefined : asUsage(() => parseUsername(name))
    const isTerminal = io.stdin.isTTY && io.stdout.isTTY && io.env['TERM'] !== 'dumb'
    if (username === undefined && !isTerminal && gave !== 'token')
      throw new UsageError('somebody has to speak: add --as NAME')
    const hangUp = new HangUp(io)
    // A token that has the name in it opens the session that there is.
    const kept = gave === 'token' ? NOTHING_KEPT : keptIn(stateFolder(io.env), url)
    try {
      const isAsked = isTerminal && gave === 'nothing'
      const door = { url, room, input: io.stdin, output: io.stdout, otherwise: credentials }
      await probe(url)
      const opening = isAsked ? await letIn(door) : credentials
      if (opening === undefined) return LEFT
      const output = isTerminal ? undefined : new Outlet(io.stdout)
      const screen: Screen =
        output === undefined
          ? new TerminalScreen(io.stdin, io.stdout, io.env)
          : new PipeScreen(io.stdin, output, io.stderr)
      const code = await converse(new Talk({ url, room, username, credentials: opening, screen, kept }), io, hangUp)
      return output?.error === undefined ? code : 1
    } catch (error) {
      // A person who leaves when asked for a name needs no explanation.
      if (error instanceof NoName && error.message === '') return LEFT
      io.stderr.write(`mini-chat: ${sanitize(error instanceof NoName ? error.message : sentenceOf(error, url))}\n`)
      return 1
    } finally {
      hangUp.end()
    }
  },
}

/** The exit code when the person leaves instead of answering a question, as for Ctrl-C. */
const LEFT = 130

async function converse(talk: Talk, io: Io, hangUp: HangUp): Promise<number> {
  const stop = (): void => talk.stop()
  const leave = (): void => talk.hangUp()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) io.on(signal, stop)
  io.on('SIGHUP', leave)
  const undo = hangUp.onGone(leave)
  try {
    const lost = await talk.run()
    if (lost > 0) io.stderr.write(`mini-chat: ${lost} ${lost === 1 ? 'message' : 'messages'} did not arrive\n`)
    return lost > 0 ? 1 : 0
  } finally {
    undo()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) io.off(signal, stop)
    io.off('SIGHUP', leave)
  }
}

/** `[URL] [ROOM]`: a room's name has no dot, colon or slash, so the two can be told apart. */
function placeOf(words: readonly string[], values: Values, env: NodeJS.ProcessEnv): Server & { readonly room: string } {
  const [first, second] = words
  const written = first !== undefined && (second !== undefined || isAddress(first)) ? first : undefined
  const [word, extra] = written === undefined ? words : words.slice(1)
  if (extra !== undefined) throw new UsageError('one room is enough to begin with: /join opens more')
  if (written !== undefined && given(values, 'url') !== undefined)
    throw new UsageError('the address is given twice: leave --url out')
  const server = serverOf(values, env, written)
  return { ...server, room: asUsage(() => parseRoom(word ?? server.room ?? STANDARD_ROOM)) }
}
