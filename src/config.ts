// Every setting, once: its flag, its environment variable, its default, how it is parsed, and its reason. `--help` is
// printed from this table, and `Config` is inferred from it. There is no setting that is not in it.

import type { JwtOptions } from './auth/settings.js'
import { flagRows, type Setting } from './flags.js'
import {
  base,
  each,
  filled,
  isOn,
  optional,
  origin,
  type Parse,
  rate,
  size,
  text,
  time,
  timeOrNone,
  whole,
  word,
} from './written.js'

const GROUPS = [
  { name: 'everyday', about: 'what most people set' },
  { name: 'keeping', about: 'where messages are kept, and for how long' },
  { name: 'access', about: 'who gets in, and from which sites' },
  { name: 'limits', about: 'how much, how many and how fast' },
  { name: 'running', about: 'more ways in, proxies, logs and stopping' },
] as const

const ALL = { name: 'all', about: 'every setting' }

export type ServerSetting = Setting & {
  readonly group: (typeof GROUPS)[number]['name']
  readonly parse: Parse<unknown>
  /** Its value is never printed or logged. */
  readonly isSecret?: true
  /** Its name in a program, where that is not the flag's in camel case. */
  readonly as?: string | undefined
}

export const SETTINGS = [
  {
    flag: 'port',
    group: 'everyday',
    short: 'p',
    value: 'PORT',
    env: 'PORT',
    default: '8000',
    parse: whole(0, 65_535),
    why: 'where to listen; 0 picks a free one',
  },
  {
    flag: 'host',
    group: 'everyday',
    value: 'HOST',
    env: 'HOST',
    default: '0.0.0.0',
    parse: text,
    why: 'the address to listen on; 127.0.0.1 keeps it to this machine',
  },
  {
    flag: 'password',
    group: 'everyday',
    isSecret: true,
    value: 'PASSWORD',
    env: 'MINI_CHAT_PASSWORD',
    default: '',
    parse: filled,
    why: 'nobody reads or writes without it; ps shows a flag to everyone on this machine, so rather set the variable',
  },
  {
    flag: 'data',
    group: 'everyday',
    value: 'DIR',
    env: 'MINI_CHAT_DATA',
    default: '',
    parse: optional(text),
    why: 'keep every message in this folder; without it they are in memory alone',
  },
  { flag: 'open', group: 'everyday', default: false, parse: isOn, why: 'open the page in the browser' },
  { flag: 'quiet', group: 'everyday', short: 'q', default: false, parse: isOn, why: 'print nothing but errors' },
  { flag: 'help', group: 'everyday', short: 'h', default: false, parse: isOn, why: 'print this' },
  { flag: 'version', group: 'everyday', short: 'v', default: false, parse: isOn, why: 'print the version' },
  {
    flag: 'sync',
    group: 'keeping',
    value: 'WHEN',
    env: 'MINI_CHAT_SYNC',
    default: 'always',
    parse: word('always', 'everysec', 'never'),
    why: 'when a message is on the disk: always (before it is acknowledged), everysec or never (when the system likes)',
  },
  {
    flag: 'keep',
    group: 'keeping',
    value: 'TIME',
    env: 'MINI_CHAT_KEEP',
    default: '',
    parse: optional(time),
    as: 'keepMs',
    why: 'how long messages can be read, in memory too, such as 12h or 30d; without it for ever',
  },
  {
    flag: 'keep-bytes',
    group: 'keeping',
    value: 'SIZE',
    env: 'MINI_CHAT_KEEP_BYTES',
    default: '',
    parse: optional(size),
    why: 'how large the folder of --data may grow, such as 1gb; the oldest messages go first',
  },
  {
    flag: 'edit',
    group: 'keeping',
    value: 'TIME',
    default: '15m',
    parse: timeOrNone,
    as: 'editMs',
    why: 'how long people may change and delete what they sent, such as 15m or 1h; 0 for not at all',
  },
  {
    flag: 'files',
    group: 'keeping',
    value: 'DIR',
    env: 'MINI_CHAT_FILES',
    default: '',
    parse: optional(text),
    why: 'let people send files, and keep them in this folder; of many servers all need the same one',
  },
  {
    flag: 'files-bytes',
    group: 'keeping',
    value: 'SIZE',
    default: '1gb',
    parse: size,
    why: 'how large the folder of --files may grow; then no more files are taken until some are gone',
  },
  {
    flag: 'file-bytes',
    group: 'keeping',
    value: 'SIZE',
    default: '8mb',
    parse: size,
    why: 'how large a file may be',
  },
  {
    flag: 'no-seen',
    group: 'keeping',
    default: false,
    parse: isOn,
    why: 'do not note how far members have read, and tell nobody who has had a message',
  },
  {
    flag: 'redis',
    group: 'keeping',
    isSecret: true,
    value: 'URL',
    alone: 'redis://localhost:6379',
    env: 'REDIS_URL',
    default: '',
    parse: optional(text),
    why: 'keep messages in this Redis, for many servers; --redis alone is redis://localhost:6379; needs the package redis',
  },
  {
    flag: 'postgres',
    group: 'keeping',
    isSecret: true,
    value: 'URL',
    alone: 'postgres://localhost:5432/mini_chat',
    env: 'DATABASE_URL',
    default: '',
    parse: optional(text),
    why: 'keep messages in this PostgreSQL, for many servers and for good; --postgres alone is postgres://localhost:5432/mini_chat; with --redis too, Redis carries the news between servers; needs the package pg',
  },
  {
    flag: 'expire',
    group: 'keeping',
    value: 'TIME',
    env: 'MINI_CHAT_EXPIRE',
    default: '',
    parse: optional(time),
    as: 'expireMs',
    why: 'forget a room in Redis so long after its last message, such as 24h; without it never',
  },
  {
    flag: 'allow-host',
    group: 'access',
    value: 'NAME',
    default: [],
    parse: each(String),
    why: 'a host name that this server goes by, beside localhost, addresses and this machine’s name; repeatable',
  },
  {
    flag: 'allow-origin',
    group: 'access',
    value: 'ORIGIN',
    default: [],
    parse: each(origin),
    why: 'another site whose pages may use this server, such as https://school.example; repeatable',
  },
  {
    flag: 'auth',
    group: 'access',
    value: 'jwt',
    default: '',
    parse: filled,
    why: 'let people in by a JSON Web Token of your school or company; needs the package jose',
  },
  {
    flag: 'jwt-secret',
    group: 'access',
    isSecret: true,
    value: 'SECRET',
    env: 'MINI_CHAT_JWT_SECRET',
    default: '',
    parse: filled,
    why: 'what those tokens are signed with (HS256), at least 32 bytes; rather set the variable here too',
  },
  {
    flag: 'jwks',
    group: 'access',
    value: 'URL',
    default: '',
    parse: filled,
    why: 'or where the public keys are that those tokens are signed with',
  },
  {
    flag: 'audience',
    group: 'access',
    value: 'NAME',
    default: '',
    parse: filled,
    why: 'whom those tokens have to be for (aud)',
  },
  {
    flag: 'admin-key',
    group: 'access',
    isSecret: true,
    value: 'KEY',
    env: 'MINI_CHAT_ADMIN_KEY',
    default: '',
    parse: filled,
    why: 'whoever knows it may mute names, remove messages, close and clear rooms; rather set the variable here too',
  },
  {
    flag: 'ring',
    group: 'limits',
    value: 'N',
    default: '500',
    parse: whole(1, 100_000),
    why: 'messages that a room keeps in memory',
  },
  {
    flag: 'rooms',
    group: 'limits',
    value: 'N',
    default: '1000',
    parse: whole(1, 1_000_000),
    why: 'rooms in memory; past it an empty one is forgotten, with little history and quiet for long',
  },
  {
    flag: 'bytes',
    group: 'limits',
    value: 'SIZE',
    default: '512mb',
    parse: size,
    why: 'memory for messages, such as 64mb or 2gb',
  },
  {
    flag: 'sessions',
    group: 'limits',
    value: 'N',
    default: '20000',
    parse: whole(1, 1_000_000),
    why: 'people who hold a name at one time',
  },
  {
    flag: 'polls',
    group: 'limits',
    value: 'N',
    default: '20000',
    parse: whole(1, 1_000_000),
    why: 'polls parked at one time',
  },
  {
    flag: 'rate',
    group: 'limits',
    value: 'N|off',
    default: '5',
    parse: rate,
    why: 'messages a second from one person; off lifts this and the one for addresses, for benchmarks and trusted bots',
  },
  {
    flag: 'burst',
    group: 'limits',
    value: 'N',
    default: '20',
    parse: whole(1, 1_000_000),
    why: 'messages that one person may send at once: a session, or a name without one at its address',
  },
  {
    flag: 'address-rate',
    group: 'limits',
    value: 'N|off',
    default: '500',
    parse: rate,
    why: 'messages a second from one address, which a whole class may share; this machine’s own are counted only where this or --address-burst is given',
  },
  {
    flag: 'address-joins',
    group: 'limits',
    value: 'N|off',
    default: '2',
    parse: rate,
    why: 'joins a second from one address; those of fifty seconds may come at once. This machine’s own: 100, unless it is set',
  },
  {
    flag: 'address-rooms',
    group: 'limits',
    value: 'N|off',
    default: '20',
    parse: rate,
    why: 'new rooms a second from one address',
  },
  {
    flag: 'address-burst',
    group: 'limits',
    value: 'N',
    default: '2000',
    parse: whole(1, 1_000_000),
    why: 'messages, joins or new rooms that may come from one address at once',
  },
  {
    flag: 'address-connections',
    group: 'limits',
    value: 'N|off',
    default: '2000',
    parse: rate,
    why: 'connections, and people, from one address at one time; this machine’s own are not counted',
  },
  {
    flag: 'wait',
    group: 'running',
    value: 'SECONDS',
    default: '25',
    parse: whole(0, 55),
    why: 'how long a poll waits that does not say, 0 to 55',
  },
  {
    flag: 'drain',
    group: 'running',
    value: 'SECONDS',
    default: '0',
    parse: whole(0, 3600),
    why: 'how long to serve on, not ready, after being told to stop',
  },
  {
    flag: 'trust-proxy',
    group: 'running',
    value: 'N',
    default: '0',
    parse: whole(0, 16),
    why: 'how many proxies in front add to X-Forwarded-For, -Host and -Proto',
  },
  {
    flag: 'base',
    group: 'running',
    value: 'PATH',
    env: 'MINI_CHAT_BASE',
    default: '',
    parse: base,
    why: 'the path that everything is below, such as /chat, behind a proxy that passes it on',
  },
  {
    flag: 'tcp',
    group: 'running',
    value: 'PORT',
    default: '',
    parse: optional(whole(0, 65_535)),
    why: 'also talk in lines over TCP, on this port, for nc and scripts',
  },
  {
    flag: 'websocket',
    group: 'running',
    default: false,
    parse: isOn,
    why: 'also talk over WebSocket, at /ws/ROOM/NAME; needs the package ws',
  },
  {
    flag: 'socketio',
    group: 'running',
    default: false,
    parse: isOn,
    why: 'also talk to Socket.IO clients; needs the package socket.io',
  },
  {
    flag: 'inside',
    group: 'running',
    default: false,
    parse: isOn,
    why: 'draw the server at work, at /inside: rooms, readers, each message on its way; behind --admin-key where that is set',
  },
  {
    flag: 'lab',
    group: 'running',
    default: false,
    parse: isOn,
    why: 'let whoever sees /inside break this server: drop, delay, cut, stop, kill it, and see that nothing is lost; for a class, never for work; --inside is on too',
  },
  {
    flag: 'log',
    group: 'running',
    value: 'text|json|debug',
    default: 'text',
    parse: word('text', 'json', 'debug'),
    why: 'how events are written; json also counts refusals and losses, debug says each request',
  },
] as const satisfies readonly ServerSetting[]

/** Settings whose value is secret. The address of a Redis may have a password in it. */
export const SECRET_FLAGS: readonly string[] = SETTINGS.filter((row: ServerSetting) => row.isSecret === true).map(
  ({ flag }) => flag,
)

export type Flag = (typeof SETTINGS)[number]['flag']

type Camel<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Name

type Row = (typeof SETTINGS)[number]

/** The settings by their names in a program, with the types of their parsers. */
export type Parsed = {
  readonly [
    One in Row as One extends { readonly as: infer Name extends string } ? Name : Camel<One['flag']>
  ]: ReturnType<One['parse']>
}

/** Rows that are folded into one setting, and rows that are no setting of a server. */
type Folded = 'auth' | 'jwtSecret' | 'jwks' | 'audience' | 'help' | 'version'

export type Config = Omit<Parsed, Folded> & {
  /** The settings that were given, even with their default value. */
  readonly given: readonly string[]
  /** Absent: the chat asks for no tokens. */
  readonly jwt: JwtOptions | undefined
}

/** The name of a setting in a program. */
export function nameOf({ flag, as }: ServerSetting): string {
  return as ?? flag.replaceAll(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase())
}

/**
 * `commands`: the commands beside serving, with a name and a summary each. `topic`: a group, or `all`; by default the
 * everyday settings.
 */
export function help(
  commands: readonly { readonly name: string; readonly summary: string }[] = [],
  topic = 'everyday',
): string {
  const shown = topic === 'all' ? GROUPS : (GROUPS.filter(({ name }) => name === topic) ?? [])
  const groups = shown.length === 0 ? GROUPS.slice(0, 1) : shown
  const others = commands.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`)
  const rest = GROUPS.filter((group) => !groups.includes(group))
  return [
    'usage: mini-chat [serve] [PORT] [options]',
    ...(others.length === 0 ? [] : ['       mini-chat COMMAND --help']),
    '',
    'A web chat on one port. Open the page it prints, or talk to it with curl.',
    '',
    ...groups.flatMap(({ name, about }) => [
      `${name}: ${about}`,
      ...flagRows(SETTINGS.filter(({ group }) => group === name)),
      '',
    ]),
    ...(rest.length === 0 ? [] : ['more settings:', ...rest.map(helpRow), helpRow(ALL), '']),
    ...(others.length === 0 ? [] : ['commands:', ...others, '']),
  ].join('\n')
}

function helpRow({ name, about }: { readonly name: string; readonly about: string }): string {
  return `  --help ${name.padEnd(10)} ${about}`
}
