// `mini-chat send`: sends messages from a script.

import { parseRoom, parseUsername } from '../core/rooms/message.js'
import { UsageError } from '../flags.js'
import { STANDARD_ROOM } from '../terminal/address.js'
import { HangUp } from '../terminal/hangup.js'
import { linesOf } from '../terminal/pipe.js'
import { Sender } from '../terminal/send.js'
import { sanitize } from '../terminal/sanitize.js'
import { SERVER, serverOf } from './server.js'
import { asUsage, given, HELP, readUsage, stopSignal, type Subcommand, type Usage } from './subcommand.js'

const USAGE: Usage = {
  name: 'send',
  usage: '[ROOM] [TEXT…] --as NAME',
  settings: [
    {
      flag: 'as',
      short: 'a',
      value: 'NAME',
      default: '',
      why: 'the name to speak under, one that nobody holds; a token has one in it',
    },
    ...SERVER,
    {
      flag: 'patience',
      value: 'SECONDS',
      default: '10',
      why: 'how long each message is tried before it counts as failed',
    },
    { flag: 'of', value: 'ID', default: '', why: 'the id of a message in the room that this one answers' },
    HELP,
  ],
  about: [
    `Says TEXT in ROOM (${STANDARD_ROOM} if it is not said). Without TEXT the input is said, each line as a message of its`,
    'own; empty lines are left out. To say several lines as one message, give them as TEXT:',
    '',
    '  echo hi | mini-chat send lobby --as bot',
    '  mini-chat send lobby "$(git log -1)" --as bot',
    '  mini-chat send lobby --as bot -- -5 degrees outside',
    '',
    'Ends with 0 when everything has arrived, 1 when something has not, 2 for wrong usage, 130 on Ctrl-C.',
  ],
}

export const send: Subcommand = {
  name: 'send',
  summary: 'say something from a script: echo hi | mini-chat send [ROOM] --as bot',
  async run(args, io) {
    const read = readUsage(USAGE, args, io)
    if (read === undefined) return 0
    const server = serverOf(read.values, io.env)
    const [room = server.room ?? STANDARD_ROOM, ...words] = read.words
    const name = given(read.values, 'as')
    if (name === undefined && server.gave !== 'token') throw new UsageError('somebody has to speak: add --as NAME')
    const hangUp = new HangUp(io)
    const stop = stopSignal(io)
    const sender = new Sender({
      url: server.url,
      credentials: server.credentials,
      room: asUsage(() => parseRoom(room)),
      username: name === undefined ? '' : asUsage(() => parseUsername(name)),
      of: idOf(given(read.values, 'of')),
      patienceMs: secondsOf(given(read.values, 'patience') ?? '10') * 1000,
      signal: stop.signal,
    })
    let failed = false
    const say = async (text: string): Promise<void> => {
      if (text.trim() === '' || stop.signal.aborted) return
      const notSent = await sender.send(text)
      if (notSent === undefined || stop.signal.aborted) return
      io.stderr.write(`mini-chat: not sent: ${sanitize(notSent.sentence)}\n`)
      failed = true
      // A server that is away for one message is away for the next one too.
      if (notSent.isFinal) endInput()
    }
    let endInput = (): void => undefined
    if (words.length > 0) await say(words.join(' '))
    else {
      await linesOf(io.stdin, say, (end) => {
        endInput = end
        stop.signal.addEventListener('abort', end)
      })
    }
    sender.close()
    stop.undo()
    hangUp.end()
    return stop.code() ?? (failed ? 1 : 0)
  },
}

function idOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (/^[1-9]\d{0,14}$/.test(value)) return Number(value)
  throw new UsageError(`--of is the id of a message, not ${JSON.stringify(value)}`)
}

function secondsOf(value: string): number {
  if (/^\d{1,5}$/.test(value) && value !== '0') return Number(value)
  throw new UsageError(`--patience is a whole number of seconds from 1 up, not ${JSON.stringify(value)}`)
}
