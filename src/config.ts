// Every setting, once: its flag, its environment variable, its default and its reason. `--help` is printed from
// this table, and nothing is a setting that is not in it.

import type { AuthConfig } from './auth/settings.js'
import { flagRows, type Setting } from './flags.js'
import type { Sync } from './stores/journal/segment-writer.js'

export const SETTINGS = [
  {
    flag: 'port',
    short: 'p',
    value: 'PORT',
    env: 'PORT',
    default: '8000',
    why: 'where to listen; 0 picks a free one',
  },
  {
    flag: 'host',
    value: 'HOST',
    env: 'HOST',
    default: '0.0.0.0',
    why: 'the address to listen on; 127.0.0.1 keeps it to this machine',
  },
  { flag: 'ring', value: 'N', default: '500', why: 'messages that a room keeps in memory' },
  { flag: 'wait', value: 'SECONDS', default: '25', why: 'how long a poll waits that does not say, 0 to 55' },
  { flag: 'drain', value: 'SECONDS', default: '0', why: 'how long to serve on, not ready, after being told to stop' },
  {
    flag: 'rooms',
    value: 'N',
    default: '1000',
    why: 'rooms in memory; past it an empty one is forgotten, with little history and quiet for long',
  },
  { flag: 'bytes', value: 'SIZE', default: '512mb', why: 'memory for messages, such as 64mb or 2gb' },
  { flag: 'sessions', value: 'N', default: '20000', why: 'people who hold a name at one time' },
  { flag: 'polls', value: 'N', default: '20000', why: 'polls parked at one time' },
  {
    flag: 'rate',
    value: 'N|off',
    default: '5',
    why: 'messages a second from one person; off lifts this and the one for addresses, for benchmarks and trusted bots',
  },
  {
    flag: 'burst',
    value: 'N',
    default: '20',
    why: 'messages that one person may send at once: a session, or a name without one at its address',
  },
  {
    flag: 'address-rate',
    value: 'N|off',
    default: '500',
    why: 'messages a second from one address, which a whole class may share; this machine’s own are counted only where this or --address-burst is given',
  },
  {
    flag: 'address-joins',
    value: 'N|off',
    default: '2',
    why: 'joins a second from one address; those of fifty seconds may come at once. This machine’s own: 100, unless it is set',
  },
  { flag: 'address-rooms', value: 'N|off', default: '20', why: 'new rooms a second from one address' },
  {
    flag: 'address-burst',
    value: 'N',
    default: '2000',
    why: 'messages, joins or new rooms that may come from one address at once',
  },
  {
    flag: 'address-connections',
    value: 'N|off',
    default: '2000',
    why: 'connections, and people, from one address at one time; this machine’s own are not counted',
  },
  {
    flag: 'allow-host',
    value: 'NAME',
    default: [],
    why: 'a host name that this server goes by, beside localhost, addresses and this machine’s name; repeatable',
  },
  {
    flag: 'allow-origin',
    value: 'ORIGIN',
    default: [],
    why: 'another site whose pages may use this server, such as https://school.example; repeatable',
  },
  {
    flag: 'trust-proxy',
    value: 'N',
    default: '0',
    why: 'how many proxies in front add to X-Forwarded-For, -Host and -Proto',
  },
  {
    flag: 'password',
    value: 'PASSWORD',
    env: 'MINI_CHAT_PASSWORD',
    default: '',
    why: 'nobody reads or writes without it; ps shows a flag to everyone on this machine, so rather set the variable',
  },
  {
    flag: 'auth',
    value: 'jwt',
    default: '',
    why: 'let people in by a JSON Web Token of your school or company; needs the package jose',
  },
  {
    flag: 'jwt-secret',
    value: 'SECRET',
    env: 'MINI_CHAT_JWT_SECRET',
    default: '',
    why: 'what those tokens are signed with (HS256), at least 32 bytes; rather set the variable here too',
  },
  { flag: 'jwks', value: 'URL', default: '', why: 'or where the public keys are that those tokens are signed with' },
  { flag: 'audience', value: 'NAME', default: '', why: 'whom those tokens have to be for (aud)' },
  {
    flag: 'admin-key',
    value: 'KEY',
    env: 'MINI_CHAT_ADMIN_KEY',
    default: '',
    why: 'whoever knows it may mute names, remove messages, close and clear rooms; rather set the variable here too',
  },
  {
    flag: 'base',
    value: 'PATH',
    env: 'MINI_CHAT_BASE',
    default: '',
    why: 'the path that everything is below, such as /chat, behind a proxy that passes it on',
  },
  { flag: 'tcp', value: 'PORT', default: '', why: 'also talk in lines over TCP, on this port, for nc and scripts' },
  { flag: 'websocket', default: false, why: 'also talk over WebSocket, at /ws/ROOM/NAME; needs the package ws' },
  { flag: 'socketio', default: false, why: 'also talk to Socket.IO clients; needs the package socket.io' },
  {
    flag: 'data',
    value: 'DIR',
    env: 'MINI_CHAT_DATA',
    default: '',
    why: 'keep every message in this folder; without it they are in memory alone',
  },
  {
    flag: 'sync',
    value: 'WHEN',
    env: 'MINI_CHAT_SYNC',
    default: 'always',
    why: 'when a message is on the disk: always (before it is acknowledged), everysec or never (when the system likes)',
  },
  {
    flag: 'keep',
    value: 'TIME',
    env: 'MINI_CHAT_KEEP',
    default: '',
    why: 'how long messages can be read, in memory too, such as 12h or 30d; without it for ever',
  },
  {
    flag: 'keep-bytes',
    value: 'SIZE',
    env: 'MINI_CHAT_KEEP_BYTES',
    default: '',
    why: 'how large the folder of --data may grow, such as 1gb; the oldest messages go first',
  },
  {
    flag: 'redis',
    value: 'URL',
    alone: 'redis://localhost:6379',
    env: 'REDIS_URL',
    default: '',
    why: 'keep messages in this Redis, for many servers; --redis alone is redis://localhost:6379; needs the package redis',
  },
  {
    flag: 'expire',
    value: 'TIME',
    env: 'MINI_CHAT_EXPIRE',
    default: '',
    why: 'forget a room in Redis so long after its last message, such as 24h; without it never',
  },
  { flag: 'open', default: false, why: 'open the page in the browser' },
  { flag: 'quiet', short: 'q', default: false, why: 'print nothing but errors' },
  {
    flag: 'log',
    value: 'text|json|debug',
    default: 'text',
    why: 'how events are written; json also counts refusals and losses, debug says each request',
  },
  { flag: 'help', short: 'h', default: false, why: 'print this' },
  { flag: 'version', short: 'v', default: false, why: 'print the version' },
] as const satisfies readonly Setting[]

/** Settings whose value is nobody else's to see; a Redis's address may have a password in it. */
export const SECRET_FLAGS: readonly Flag[] = ['password', 'jwt-secret', 'admin-key', 'redis']

export type Flag = (typeof SETTINGS)[number]['flag']

export type Config = AuthConfig & {
  /** The settings that were given, also where that is their default. */
  readonly given: readonly string[]
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
  /** The address of the Redis that keeps the messages. Absent: none does. */
  readonly redis: string | undefined
  readonly expireMs: number | undefined
  readonly open: boolean
  readonly quiet: boolean
  readonly log: 'text' | 'json' | 'debug'
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
