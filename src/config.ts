// Every setting, once: its flag, its environment variable, its default and its reason. `--help` is printed from
// this table, and nothing is a setting that is not in it.

import { type AccessConfig, parseAccess } from './access/settings.js'
import { flagRows, parseFlags, quote, type Setting, UsageError, type Values } from './flags.js'
import type { Sync } from './stores/journal/tail.js'

export { type Setting, UsageError }

export const SETTINGS = [
  {
    flag: 'port',
    short: 'p',
    value: 'PORT',
    env: 'PORT',
    standard: '8000',
    why: 'where to listen; 0 picks a free one',
  },
  {
    flag: 'host',
    value: 'HOST',
    env: 'HOST',
    standard: '0.0.0.0',
    why: 'the address to listen on; 127.0.0.1 keeps it to this machine',
  },
  { flag: 'ring', value: 'N', standard: '500', why: 'messages that a room keeps in memory' },
  { flag: 'wait', value: 'SECONDS', standard: '25', why: 'how long a poll waits that does not say, 0 to 55' },
  { flag: 'drain', value: 'SECONDS', standard: '0', why: 'how long to serve on, not ready, after being told to stop' },
  { flag: 'rooms', value: 'N', standard: '1000', why: 'rooms in memory; past it the quietest empty one is forgotten' },
  { flag: 'bytes', value: 'SIZE', standard: '512mb', why: 'memory for messages, such as 64mb or 2gb' },
  { flag: 'sessions', value: 'N', standard: '20000', why: 'people who hold a name at one time' },
  { flag: 'polls', value: 'N', standard: '20000', why: 'polls parked at one time' },
  {
    flag: 'rate',
    value: 'N|off',
    standard: '5',
    why: 'messages a second from one person; off lifts this and the one for addresses, for benchmarks and trusted bots',
  },
  { flag: 'burst', value: 'N', standard: '20', why: 'messages that one person may send at once' },
  {
    flag: 'address-rate',
    value: 'N|off',
    standard: '500',
    why: 'messages a second from one address, which a whole class may share; this machine’s own are counted only where it is set',
  },
  { flag: 'address-joins', value: 'N|off', standard: '100', why: 'joins a second from one address' },
  { flag: 'address-rooms', value: 'N|off', standard: '20', why: 'new rooms a second from one address' },
  {
    flag: 'address-burst',
    value: 'N',
    standard: '2000',
    why: 'messages, joins or new rooms that may come from one address at once',
  },
  {
    flag: 'address-connections',
    value: 'N|off',
    standard: '2000',
    why: 'connections, and people, from one address at one time; this machine’s own are not counted',
  },
  {
    flag: 'allow-host',
    value: 'NAME',
    standard: [],
    why: 'a host name that this server goes by, beside localhost, addresses and this machine’s name; repeatable',
  },
  {
    flag: 'allow-origin',
    value: 'ORIGIN',
    standard: [],
    why: 'another site whose pages may use this server, such as https://school.example; repeatable',
  },
  { flag: 'trust-proxy', value: 'N', standard: '0', why: 'how many proxies in front add to X-Forwarded-For' },
  {
    flag: 'password',
    value: 'PASSWORD',
    env: 'MINI_CHAT_PASSWORD',
    standard: '',
    why: 'nobody reads or writes without it; ps shows a flag to everyone on this machine, so rather set the variable',
  },
  {
    flag: 'auth',
    value: 'jwt',
    standard: '',
    why: 'let people in by a JSON Web Token of your school or company; needs the package jose',
  },
  {
    flag: 'jwt-secret',
    value: 'SECRET',
    env: 'MINI_CHAT_JWT_SECRET',
    standard: '',
    why: 'what those tokens are signed with (HS256), at least 32 bytes; rather set the variable here too',
  },
  { flag: 'jwks', value: 'URL', standard: '', why: 'or where the public keys are that those tokens are signed with' },
  { flag: 'audience', value: 'NAME', standard: '', why: 'whom those tokens have to be for (aud)' },
  {
    flag: 'admin-key',
    value: 'KEY',
    env: 'MINI_CHAT_ADMIN_KEY',
    standard: '',
    why: 'whoever knows it may mute names, remove messages, close and clear rooms; rather set the variable here too',
  },
  {
    flag: 'base',
    value: 'PATH',
    env: 'MINI_CHAT_BASE',
    standard: '',
    why: 'the path that everything is below, such as /chat, behind a proxy that passes it on',
  },
  { flag: 'tcp', value: 'PORT', standard: '', why: 'also talk in lines over TCP, on this port, for nc and scripts' },
  { flag: 'websocket', standard: false, why: 'also talk over WebSocket, at /ws/ROOM/NAME; needs the package ws' },
  { flag: 'socketio', standard: false, why: 'also talk to Socket.IO clients; needs the package socket.io' },
  {
    flag: 'data',
    value: 'DIR',
    env: 'MINI_CHAT_DATA',
    standard: '',
    why: 'keep every message in this folder; without it they are in memory alone',
  },
  {
    flag: 'sync',
    value: 'WHEN',
    env: 'MINI_CHAT_SYNC',
    standard: 'always',
    why: 'when a message is on the disk: always (before it is acknowledged), everysec or never (when the system likes)',
  },
  {
    flag: 'keep',
    value: 'TIME',
    env: 'MINI_CHAT_KEEP',
    standard: '',
    why: 'how long messages are kept, such as 12h or 30d; without it for ever',
  },
  {
    flag: 'keep-bytes',
    value: 'SIZE',
    env: 'MINI_CHAT_KEEP_BYTES',
    standard: '',
    why: 'how large the folder may grow, such as 1gb; the oldest messages go first',
  },
  { flag: 'open', standard: false, why: 'open the page in the browser' },
  { flag: 'quiet', short: 'q', standard: false, why: 'print nothing but errors' },
  { flag: 'log', value: 'text|json', standard: 'text', why: 'how events are written' },
  { flag: 'help', short: 'h', standard: false, why: 'print this' },
  { flag: 'version', short: 'v', standard: false, why: 'print the version' },
] as const satisfies readonly Setting[]

type Flag = (typeof SETTINGS)[number]['flag']

export type Config = AccessConfig & {
  readonly port: number
  readonly host: string
  readonly ring: number
  readonly wait: number
  readonly drain: number
  readonly rooms: number
  readonly bytes: number
  readonly sessions: number
  readonly polls: number
  /** Each a second, `Infinity` for off. */
  readonly rate: number
  readonly addressRate: number
  readonly addressJoins: number
  readonly addressRooms: number
  readonly burst: number
  readonly addressBurst: number
  readonly addressConnections: number
  readonly allowHost: readonly string[]
  readonly allowOrigin: readonly string[]
  readonly trustProxy: number
  /** Absent: off. */
  readonly tcp: number | undefined
  readonly websocket: boolean
  readonly socketio: boolean
  /** The folder that keeps the messages. Absent: memory alone. */
  readonly data: string | undefined
  readonly sync: Sync
  readonly keepMs: number | undefined
  readonly keepBytes: number | undefined
  readonly open: boolean
  readonly quiet: boolean
  readonly log: 'text' | 'json'
}

/** What a person asked for. */
export type Command =
  { readonly name: 'help' } | { readonly name: 'version' } | { readonly name: 'serve'; readonly config: Config }

/** Reads the command line. Throws `UsageError`. */
export function parseCommand(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Command {
  const { values, positionals } = parseFlags(SETTINGS, args, 'mini-chat')
  if (values['help'] === true) return { name: 'help' }
  if (values['version'] === true) return { name: 'version' }
  const words = positionals[0] === 'serve' ? positionals.slice(1) : positionals
  const [port, extra] = words
  if (port !== undefined && !/^\d+$/.test(port))
    throw new UsageError(`unknown command ${quote(port)}: try mini-chat --help`)
  if (extra !== undefined) throw new UsageError(`one port is enough: ${quote(extra)} is too much`)
  return { name: 'serve', config: configOf({ ...(port === undefined ? {} : { port }), ...values }, env) }
}

/** The settings that nobody changed, with those given here. */
export function defaults(given: Partial<Config> = {}): Config {
  return { ...configOf({}, {}), ...given }
}

/** `commands`: what there is beside serving, a name and a summary each. */
export function help(commands: readonly { readonly name: string; readonly summary: string }[] = []): string {
  const others = commands.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`)
  return [
    'usage: mini-chat [serve] [PORT] [options]',
    ...(others.length === 0 ? [] : ['       mini-chat COMMAND --help']),
    '',
    'A web chat on one port. Open the page it prints, or talk to it with curl.',
    '',
    ...flagRows(SETTINGS),
    '',
    ...(others.length === 0 ? [] : ['commands:', ...others, '']),
  ].join('\n')
}

function configOf(values: Values, env: Readonly<Record<string, string | undefined>>): Config {
  const text = (flag: Flag): { value: string; source: string } => {
    const setting: Setting | undefined = SETTINGS.find((candidate) => candidate.flag === flag)
    const given = values[flag]
    const fromEnv = setting?.env === undefined ? undefined : env[setting.env]
    if (typeof given === 'string') return { value: given, source: `--${flag}` }
    if (fromEnv !== undefined && fromEnv !== '') return { value: fromEnv, source: setting?.env ?? flag }
    return { value: String(setting?.standard ?? ''), source: `--${flag}` }
  }
  const number = (flag: Flag, low: number, high: number, or = ''): number => {
    const { value, source } = text(flag)
    const parsed = Number(value)
    if (/^\d+$/.test(value) && parsed >= low && parsed <= high) return parsed
    throw new UsageError(`${source} is a whole number from ${low} to ${high}${or}, not ${quote(value)}`)
  }
  const rate = (flag: Flag): number => (text(flag).value === 'off' ? Infinity : number(flag, 1, 1_000_000, ', or off'))
  const list = (flag: string): string[] => [values[flag] ?? []].flat().map(String)
  const log = text('log').value
  if (log !== 'text' && log !== 'json') throw new UsageError(`--log is text or json, not ${quote(log)}`)
  const access = parseAccess((flag) => ({ ...text(flag), isGiven: values[flag] !== undefined }))
  return {
    ...access,
    port: number('port', 0, 65535),
    host: text('host').value,
    ring: number('ring', 1, 100_000),
    wait: number('wait', 0, 55),
    drain: number('drain', 0, 3600),
    rooms: number('rooms', 1, 1_000_000),
    bytes: parseBytes('--bytes', text('bytes').value),
    sessions: number('sessions', 1, 1_000_000),
    polls: number('polls', 1, 1_000_000),
    rate: rate('rate'),
    addressRate: rate('address-rate'),
    addressJoins: rate('address-joins'),
    addressRooms: rate('address-rooms'),
    burst: number('burst', 1, 1_000_000),
    addressBurst: number('address-burst', 1, 1_000_000),
    addressConnections: rate('address-connections'),
    allowHost: list('allow-host'),
    allowOrigin: list('allow-origin').map(parseOrigin),
    trustProxy: number('trust-proxy', 0, 16),
    tcp: text('tcp').value === '' ? undefined : number('tcp', 0, 65535),
    websocket: values['websocket'] === true,
    socketio: values['socketio'] === true,
    data: text('data').value || undefined,
    sync: parseSync(text('sync')),
    keepMs: text('keep').value === '' ? undefined : parseTime(text('keep')),
    keepBytes:
      text('keep-bytes').value === '' ? undefined : parseBytes(text('keep-bytes').source, text('keep-bytes').value),
    open: values['open'] === true,
    quiet: values['quiet'] === true,
    log,
  }
}

function parseBytes(source: string, value: string): number {
  const match = /^(\d{1,12})(kb|mb|gb)?$/i.exec(value)
  const units: Readonly<Record<string, number>> = { kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 }
  if (match !== null) return Number(match[1]) * (units[match[2]?.toLowerCase() ?? ''] ?? 1)
  throw new UsageError(`${source} is a size such as 64mb or 2gb, not ${quote(value)}`)
}

const SYNCS: readonly Sync[] = ['always', 'everysec', 'never']

function parseSync({ value, source }: { value: string; source: string }): Sync {
  const sync = SYNCS.find((word) => word === value)
  if (sync !== undefined) return sync
  throw new UsageError(`${source} is always, everysec or never, not ${quote(value)}`)
}

function parseTime({ value, source }: { value: string; source: string }): number {
  const match = /^([1-9]\d{0,8})([smhd])$/.exec(value)
  const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  if (match !== null) return Number(match[1]) * (units[match[2] ?? ''] ?? 1)
  throw new UsageError(`${source} is a time such as 90s, 12h or 30d, not ${quote(value)}`)
}

function parseOrigin(value: string): string {
  if (/^https?:\/\/[^/?#@\s]+$/i.test(value)) return value
  throw new UsageError(`--allow-origin is a scheme and a host such as https://school.example, not ${quote(value)}`)
}
