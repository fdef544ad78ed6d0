// What a person asked for: a command line and an environment, read by the table of settings.
//
//     --flag  ──>  else its environment variable  ──>  else its default  ──>  parsed, and trusted from then on
//
// Whatever is wrong ends in one sentence that says what to do.

import { parseAuth } from './auth/settings.js'
import { type Config, type Flag, SETTINGS } from './config.js'
import { parseFlags, quote, type Setting, UsageError, type Values } from './flags.js'
import type { Sync } from './stores/journal/segment-writer.js'

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
  const typed = { ...(port === undefined ? {} : { port }), ...values }
  return { name: 'serve', config: configOf({ ...flagsInNpm(env, typed), ...typed }, env) }
}

/** `npm start --port=9000`: npm takes a flag that stands before `--` for its own, and passes it on in the environment. */
function flagsInNpm(env: Readonly<Record<string, string | undefined>>, typed: Values): Values {
  const script = env['npm_lifecycle_event'] ?? ''
  if (!NPM_SCRIPTS.includes(script)) return {}
  const taken: Record<string, string | true> = {}
  const settings: readonly (Setting & { flag: Flag })[] = SETTINGS
  for (const { flag, value: form, default: standard } of settings) {
    const value = env[`npm_config_${flag.replaceAll('-', '_')}`]
    if (value === undefined || value === '' || NPM_FLAGS.includes(flag) || typed[flag] !== undefined) continue
    const isFlag = form === undefined && value === 'true'
    // `--tcp 5000` is torn apart, and what stands several times is glued together.
    if (!isFlag && (form === undefined || value === 'true' || Array.isArray(standard)))
      throw new UsageError(
        `npm has taken --${flag} for itself: put -- before it, as in \`npm ${script === 'start' ? script : `run ${script}`} -- --${flag}${form === undefined ? '' : ` ${form}`}\``,
      )
    taken[flag] = isFlag ? true : value
  }
  return taken
}

const NPM_SCRIPTS: readonly string[] = ['start', 'dev']

/** What npm knows, too. */
const NPM_FLAGS: readonly Flag[] = ['help', 'version', 'quiet']

/** The settings that nobody changed, with those given here. */
export function defaults(given: Partial<Config> = {}): Config {
  return { ...configOf({}, {}), given: Object.keys(given), ...given }
}

/** Settings by their flags, checked. Throws `UsageError`. */
export function configOf(values: Values, env: Readonly<Record<string, string | undefined>>): Config {
  const text = (flag: Flag): { value: string; source: string } => {
    const setting: Setting | undefined = SETTINGS.find((candidate) => candidate.flag === flag)
    const given = values[flag]
    const fromEnv = setting?.env === undefined ? undefined : env[setting.env]
    if (typeof given === 'string') return { value: given, source: `--${flag}` }
    if (fromEnv !== undefined && fromEnv !== '') return { value: fromEnv, source: setting?.env ?? flag }
    return { value: String(setting?.default ?? ''), source: `--${flag}` }
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
  if (log !== 'text' && log !== 'json' && log !== 'debug')
    throw new UsageError(`--log is text, json or debug, not ${quote(log)}`)
  const store = parseStore((flag) => ({ ...text(flag), isGiven: values[flag] !== undefined }))
  if (store.data === undefined && text('keep-bytes').value !== '')
    throw new UsageError(
      `${text('keep-bytes').source} is how large the folder of --data may grow, so it needs --data; messages in memory have --bytes`,
    )
  const auth = parseAuth((flag) => ({ ...text(flag), isGiven: values[flag] !== undefined }))
  return {
    ...auth,
    given: Object.keys(values).map((flag) =>
      flag.replaceAll(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase()),
    ),
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
    ...store,
    sync: parseSync(text('sync')),
    keepMs: text('keep').value === '' ? undefined : parseTime(text('keep')),
    keepBytes:
      text('keep-bytes').value === '' ? undefined : parseBytes(text('keep-bytes').source, text('keep-bytes').value),
    expireMs: text('expire').value === '' ? undefined : parseTime(text('expire')),
    open: values['open'] === true,
    quiet: values['quiet'] === true,
    log,
  }
}

type Written = { readonly value: string; readonly source: string; readonly isGiven: boolean }

/** Where messages are kept. A flag wins over a variable. */
function parseStore(text: (flag: Flag) => Written): Pick<Config, 'data' | 'redis'> {
  const [data, redis] = [text('data'), text('redis')]
  if (data.value === '' || redis.value === '') return { data: data.value || undefined, redis: parseRedis(redis) }
  if (data.isGiven === redis.isGiven)
    throw new UsageError(`${data.source} and ${redis.source} both keep the messages: leave one of them out`)
  return data.isGiven ? { data: data.value, redis: undefined } : { data: undefined, redis: parseRedis(redis) }
}

function parseRedis({ value, source }: Written): string | undefined {
  if (value === '') return undefined
  // What was typed may have a password in it, so it is not said again.
  const isUrl = /^rediss?:\/\/[^\s/?#]+(?:\/\d{0,5})?$/.test(value) && URL.canParse(value)
  if (isUrl) return value
  throw new UsageError(`${source} is an address such as redis://localhost:6379 or rediss://USER:PASSWORD@HOST:PORT/0`)
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
