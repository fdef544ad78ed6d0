// `mini-chat health`: does a server live? For Docker's HEALTHCHECK, for scripts that wait for a server, and for
// people.

import { probe } from '../terminal/probe.js'
import { parseAddress } from '../terminal/address.js'
import { sentenceOf } from '../terminal/errors.js'
import { sanitize } from '../terminal/sanitize.js'
import { UsageError } from '../flags.js'
import { asUsage, HELP, readUsage, type Subcommand, type Usage } from './subcommand.js'

const USAGE: Usage = {
  name: 'health',
  usage: '[URL] [--ready]',
  settings: [
    {
      flag: 'ready',
      short: 'r',
      default: false,
      why: 'ask whether it takes work too: not while it stops or its store is away',
    },
    HELP,
  ],
  about: [
    'Asks GET /health of a server, with --ready GET /ready, and says in one sentence how it is. Without URL it is the',
    'server of this machine, at the same PORT, HOST and MINI_CHAT_BASE that a server reads from the environment.',
    '',
    '  until mini-chat health --ready; do sleep 1; done',
    '',
    'Ends with 0 when all is well, 1 when it is not, 2 for wrong usage. It waits 5 seconds for an answer.',
  ],
}

export const health: Subcommand = {
  name: 'health',
  summary: 'is a server well? mini-chat health [URL] [--ready]',
  async run(args, io) {
    const read = readUsage(USAGE, args, io)
    if (read === undefined) return 0
    const [written = ownAddress(io.env), extra] = read.words
    if (extra !== undefined) throw new UsageError('one address is enough: mini-chat health URL')
    const { url } = asUsage(() => parseAddress(written))
    const isReady = read.values['ready'] === true
    try {
      await probe(url, undefined, isReady ? '/ready' : '/health')
    } catch (error) {
      io.stderr.write(`mini-chat: ${sanitize(sentenceOf(error, url))}\n`)
      return 1
    }
    io.stdout.write(`${url} ${isReady ? 'is ready' : 'is well'}\n`)
    return 0
  },
}

/** The address of a server that was started with this environment. */
function ownAddress(env: NodeJS.ProcessEnv): string {
  const host = env['HOST'] || '0.0.0.0'
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const bracketed = reachable.includes(':') ? `[${reachable}]` : reachable
  return `http://${bracketed}:${env['PORT'] || '8000'}${env['MINI_CHAT_BASE'] || ''}`
}
