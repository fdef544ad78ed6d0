// `mini-chat tail`: messages as lines, for grep and for programs.

import { parseRoom } from '../core/rooms/message.js'
import { Refused } from '../client/index.js'
import { quote, UsageError } from '../flags.js'
import { STANDARD_ROOM } from '../terminal/address.js'
import { HangUp } from '../terminal/hangup.js'
import { Outlet } from '../terminal/pipe.js'
import { tail as follow } from '../terminal/tail.js'
import { sentenceOf } from '../terminal/errors.js'
import { sanitize } from '../terminal/sanitize.js'
import { SERVER, serverOf } from './server.js'
import { asUsage, given, HELP, readUsage, stopSignal, type Subcommand, type Usage } from './subcommand.js'

const USAGE: Usage = {
  name: 'tail',
  usage: '[ROOM…] [--json] [--since CURSOR]',
  settings: [
    ...SERVER,
    {
      flag: 'json',
      short: 'j',
      default: false,
      why: 'write each message as one line of JSON, and gaps too, with type gap',
    },
    {
      flag: 'since',
      short: 's',
      value: 'CURSOR',
      default: '',
      why: 'begin behind this: a cursor, for one room the id of a message (0: all there is), or now',
    },
    {
      flag: 'lines',
      short: 'n',
      value: 'N',
      default: '10',
      why: 'without --since, how many of the newest messages of a room come first, 0 to 500',
    },
    HELP,
  ],
  about: [
    `Writes what is said in the rooms (${STANDARD_ROOM} if none is said) until Ctrl-C, one line a message; a newline in a message`,
    'is written as \\n. What is no message, such as a lost connection, goes to stderr.',
    '',
    '  mini-chat tail lobby | grep -i help',
    '  mini-chat tail lobby den --json | jq -r .text',
    '',
    'Ends with 0 when nobody reads its output any more, 1 when something failed, 2 for wrong usage, 130 on Ctrl-C.',
  ],
}

export const tail: Subcommand = {
  name: 'tail',
  summary: 'what is said, a line each: mini-chat tail [ROOM…] [--json]',
  async run(args, io) {
    const read = readUsage(USAGE, args, io)
    if (read === undefined) return 0
    const { url, room, credentials } = serverOf(read.values, io.env)
    const words = read.words.length > 0 ? read.words : [room ?? STANDARD_ROOM]
    const rooms = [...new Set(words.map((word) => asUsage(() => parseRoom(word))))]
    const lines = linesOf(given(read.values, 'lines') ?? '10')
    const output = new Outlet(io.stdout)
    const notice = (sentence: string): void => void io.stderr.write(`mini-chat: ${sanitize(sentence)}\n`)
    const hangUp = new HangUp(io)
    const stop = stopSignal(io)
    try {
      const since = given(read.values, 'since')
      await follow({
        url,
        credentials,
        rooms,
        since,
        lines,
        json: read.values['json'] === true,
        signal: stop.signal,
        output,
        notice,
      })
    } catch (error) {
      if (error instanceof Refused && error.code === 'bad_request') throw new UsageError(sanitize(error.message))
      if (!stop.signal.aborted) notice(sentenceOf(error, url))
      return stop.code() ?? 1
    } finally {
      stop.undo()
      hangUp.end()
    }
    if (output.error !== undefined) notice(output.error.message)
    return stop.code() ?? (output.error === undefined ? 0 : 1)
  },
}

function linesOf(value: string): number {
  if (/^\d{1,3}$/.test(value) && Number(value) <= 500) return Number(value)
  throw new UsageError(`--lines is a whole number from 0 to 500, not ${quote(value)}`)
}
