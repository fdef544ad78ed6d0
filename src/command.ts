// The settings that a person gives on a command line and in an environment, read by the table of settings.
//
//     --flag  ──>  else its environment variable  ──>  else its default  ──>  parsed, and trusted from then on
//
// Every error is one sentence that says what to do.

import { parseJwt } from './auth/settings.js'
import { type Config, type Flag, nameOf, type Parsed, type ServerSetting, SETTINGS } from './config.js'
import { parseFlags, quote, UsageError, type Values } from './flags.js'
import type { Written } from './written.js'

export type Command =
  | { readonly name: 'help'; readonly topic: string | undefined }
  | { readonly name: 'version' }
  | { readonly name: 'serve'; readonly config: Config }

/** Reads the command line. Throws `UsageError`. */
export function parseCommand(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Command {
  const { values, positionals } = parseFlags(SETTINGS, args, 'mini-chat')
  if (values['help'] === true) return { name: 'help', topic: positionals[0] }
  if (values['version'] === true) return { name: 'version' }
  const words = positionals[0] === 'serve' ? positionals.slice(1) : positionals
  const [port, extra] = words
  if (port !== undefined && !/^\d+$/.test(port))
    throw new UsageError(`unknown command ${quote(port)}: try mini-chat --help`)
  if (extra !== undefined) throw new UsageError(`one port is enough: ${quote(extra)} is too much`)
  const typed = { ...(port === undefined ? {} : { port }), ...values }
  return { name: 'serve', config: configOf({ ...flagsInNpm(env, typed), ...typed }, env) }
}

/** `npm start --port=9000`: npm takes flags before `--` as its own, and passes them on in the environment. */
function flagsInNpm(env: Readonly<Record<string, string | undefined>>, typed: Values): Values {
  const script = env['npm_lifecycle_event'] ?? ''
  if (!NPM_SCRIPTS.includes(script)) return {}
  const taken: Record<string, string | true> = {}
  const settings: readonly (ServerSetting & { flag: Flag })[] = SETTINGS
  for (const { flag, value: form, default: standard } of settings) {
    const value = env[`npm_config_${flag.replaceAll('-', '_')}`]
    if (value === undefined || value === '' || NPM_FLAGS.includes(flag) || typed[flag] !== undefined) continue
    const isFlag = form === undefined && value === 'true'
    // npm tears `--tcp 5000` apart, and glues together what is given several times.
    if (!isFlag && (form === undefined || value === 'true' || Array.isArray(standard)))
      throw new UsageError(
        `npm has taken --${flag} for itself: put -- before it, as in \`npm ${script === 'start' ? script : `run ${script}`} -- --${flag}${form === undefined ? '' : ` ${form}`}\``,
      )
    taken[flag] = isFlag ? true : value
  }
  return taken
}

const NPM_SCRIPTS: readonly string[] = ['start', 'dev']

/** Flags that npm has as well. */
const NPM_FLAGS: readonly Flag[] = ['help', 'version', 'quiet']

/** The settings with their defaults, except those given here. */
export function defaults(given: Partial<Config> = {}): Config {
  return { ...configOf({}, {}), given: Object.keys(given), ...given }
}

/** Settings by their flags, checked. Throws `UsageError`. */
export function configOf(values: Values, env: Readonly<Record<string, string | undefined>>): Config {
  const rows: readonly ServerSetting[] = SETTINGS
  const written = new Map(rows.map((row) => [row.flag, writtenOf(row, values, env)]))
  // As the table says: each row has its name and the type of its parser.
  const parsed = Object.fromEntries(
    rows.map((row) => [nameOf(row), row.parse(written.get(row.flag) ?? writtenOf(row, {}, {}))]),
  ) as Parsed
  const { auth, jwtSecret, jwks, audience, help: _help, version: _version, ...config } = parsed
  const store = parseStore(written)
  if (store.data === undefined && config.keepBytes !== undefined)
    throw new UsageError(
      `${written.get('keep-bytes')?.source} is how large the folder of --data may grow, so it needs --data; messages in memory have --bytes`,
    )
  const jwt = parseJwt({ password: config.password, auth, jwtSecret, jwks, audience })
  // Where some rooms are closed to some people, the drawing of all rooms is not for everyone.
  if (config.inside && jwt !== undefined && config.adminKey === undefined)
    throw new UsageError('--inside shows the names in every room: with --auth jwt it needs --admin-key')
  if (config.lab && jwt !== undefined)
    throw new UsageError('--lab makes readers of its own, who have no tokens: leave --auth jwt out')
  const given = rows.filter(({ flag }) => values[flag] !== undefined).map(nameOf)
  return { ...config, inside: config.inside || config.lab, ...store, jwt, given }
}

function writtenOf(row: ServerSetting, values: Values, env: Readonly<Record<string, string | undefined>>): Written {
  const given = values[row.flag]
  const variable = row.env === undefined ? undefined : env[row.env]
  const isFromEnv = given === undefined && variable !== undefined && variable !== ''
  const all = [given ?? (isFromEnv ? variable : row.default)].flat().map(String)
  const source = isFromEnv ? (row.env ?? row.flag) : `--${row.flag}`
  return { value: all.at(-1) ?? '', all, source, isGiven: given !== undefined }
}

/**
 * Where messages are kept. A flag wins over a variable. A folder keeps them alone; Redis and PostgreSQL go together.
 */
function parseStore(written: ReadonlyMap<string, Written>): Pick<Config, 'data' | 'redis' | 'postgres'> {
  const [data, redis, postgres] = ['data', 'redis', 'postgres'].map((flag) => written.get(flag))
  const others = [redis, postgres].filter((one) => one !== undefined && one.value !== '')
  const isFolder = data !== undefined && data.value !== ''
  const isShared = others.some((one) => one?.isGiven === true)
  const same = isFolder ? others.find((one) => one?.isGiven === data.isGiven) : undefined
  if (isFolder && same !== undefined && (data.isGiven || !isShared))
    throw new UsageError(`${data.source} and ${same.source} both keep the messages: leave one of them out`)
  if (isFolder && (data.isGiven || others.length === 0))
    return { data: data.value, redis: undefined, postgres: undefined }
  return { data: undefined, redis: parseRedis(redis), postgres: parsePostgres(postgres) }
}

export function parseRedis(written: Pick<Written, 'value' | 'source'> | undefined): string | undefined {
  if (written === undefined || written.value === '') return undefined
  const { value, source } = written
  // The value may have a password in it, so it is not repeated.
  const isUrl = /^rediss?:\/\/[^\s/?#]+(?:\/\d{0,5})?$/.test(value) && URL.canParse(value)
  if (isUrl) return value
  throw new UsageError(`${source} is an address such as redis://localhost:6379 or rediss://USER:PASSWORD@HOST:PORT/0`)
}

export function parsePostgres(written: Pick<Written, 'value' | 'source'> | undefined): string | undefined {
  if (written === undefined || written.value === '') return undefined
  const { value, source } = written
  if (/^postgres(?:ql)?:\/\/[^\s#]+$/.test(value) && URL.canParse(value)) return value
  throw new UsageError(
    `${source} is an address such as postgres://localhost:5432/mini_chat or postgres://USER:PASSWORD@HOST:PORT/DATABASE`,
  )
}
