// The options of `createChat`: the settings of the command line, each by its flag's name in camel case, so that
// `--address-rate` is `addressRate`. They are parsed by the same table as a command line, and refused by the same
// sentences.

import type { JwtOptions } from './auth/settings.js'
import { configOf } from './command.js'
import { type Config, type Flag, nameOf, type ServerSetting, SETTINGS } from './config.js'
import { quote, type Setting, UsageError, type Values } from './flags.js'

export type ChatOptions = Partial<Omit<Config, 'open' | 'drain' | 'lab' | 'given'>> & {
  readonly auth?: 'jwt' | undefined
  readonly jwtSecret?: string | undefined
  readonly jwks?: string | undefined
  readonly audience?: string | undefined
  /** Such as `'24h'`; `keepMs`, `expireMs` and `editMs` give milliseconds. */
  readonly keep?: string | undefined
  readonly expire?: string | undefined
  readonly edit?: string | undefined
}

/** Settings that the program around the server decides. */
const NOT_HERE: readonly Flag[] = ['open', 'drain', 'lab', 'help', 'version']

const BY_NAME: ReadonlyMap<string, Setting> = new Map(
  SETTINGS.filter(({ flag }) => !NOT_HERE.includes(flag)).map((row: ServerSetting) => [
    // Here `keep` is a text such as '24h', and `keepMs` a number.
    nameOf({ ...row, as: undefined }),
    row,
  ]),
)

const TIMES = ['keepMs', 'expireMs', 'editMs'] as const

/** Settings of a program, checked. Throws `UsageError`. */
export function parseOptions(options: ChatOptions): Config {
  const given = Object.entries({ ...options, ...flagsOf(options.jwt) }).filter(([, value]) => value !== undefined)
  const values: Record<string, Values[string]> = {}
  const times: { keepMs?: number; expireMs?: number; editMs?: number } = {}
  for (const [name, value] of given) {
    const time = TIMES.find((one) => one === name)
    const setting = BY_NAME.get(name)
    if (time === 'editMs' && value === 0) times[time] = 0
    else if (time !== undefined) times[time] = parseMs(time, value)
    else if (setting !== undefined) values[setting.flag] = valueOf(setting, value)
    else if (name !== 'jwt') throw new UsageError(`createChat has no setting ${quote(name)}: see mini-chat --help all`)
  }
  return { ...configOf(values, {}), ...times }
}

/** A value as it would be written on a command line. */
function valueOf(setting: Setting, value: unknown): string | boolean | string[] {
  const { flag, value: form } = setting
  if (form === undefined) {
    if (typeof value === 'boolean') return value
    throw new UsageError(`--${flag} is true or false, not ${shown(value)}`)
  }
  if (Array.isArray(setting.default)) {
    const list: unknown = value
    if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list
    throw new UsageError(`--${flag} is a list of texts, not ${shown(value)}`)
  }
  if (value === Infinity && form.endsWith('|off')) return 'off'
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new UsageError(`--${flag} is ${form}, not ${shown(value)}`)
}

function parseMs(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw new UsageError(`${name} is a whole number of milliseconds from 1 up, not ${shown(value)}`)
}

/** `jwt` of a `Config`, as its flags. */
function flagsOf(jwt: JwtOptions | undefined): ChatOptions {
  if (jwt === undefined) return {}
  const { key, audience } = jwt
  const keys = 'jwks' in key ? { jwks: key.jwks } : { jwtSecret: key.secret }
  return { auth: 'jwt', audience, ...keys }
}

/** The kind of a value that is no text: the value itself may be large, or a secret. */
function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  return value === null || typeof value === 'boolean' || typeof value === 'number' ? String(value) : `a ${typeof value}`
}
