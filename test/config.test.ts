import { describe, expect, test } from 'vitest'
import { ratesOf } from '../src/app.js'
import { defaults, parseCommand } from '../src/command.js'
import { type Config, help, SETTINGS } from '../src/config.js'
import { UsageError } from '../src/flags.js'

function serve(args: readonly string[], env: Record<string, string> = {}): Config {
  const command = parseCommand(args, env)
  if (command.name !== 'serve') throw new Error(`it is ${command.name}`)
  return command.config
}

function usageOf(args: readonly string[], env: Record<string, string> = {}): string {
  try {
    parseCommand(args, env)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return 'it was taken'
}

describe('flags that npm took for itself', () => {
  const npm = (taken: Record<string, string>): Record<string, string> => ({ npm_lifecycle_event: 'start', ...taken })

  test('are used where npm passes their value on', () => {
    expect(serve([], npm({ npm_config_port: '9000', npm_config_websocket: 'true' }))).toMatchObject({
      port: 9000,
      websocket: true,
    })
    // `npm start --port 9000`: the flag alone, and the port as a word.
    expect(serve(['9000'], npm({ npm_config_port: 'true' })).port).toBe(9000)
    expect(serve(['--port', '9001'], npm({ npm_config_port: '9000' })).port).toBe(9001)
  })

  test('are refused where their value is lost, in a sentence with the command that works', () => {
    expect(usageOf(['5000'], npm({ npm_config_tcp: 'true' }))).toBe(
      'npm has taken --tcp for itself: put -- before it, as in `npm start -- --tcp PORT`',
    )
    expect(usageOf([], { npm_lifecycle_event: 'dev', npm_config_allow_host: 'a\n\nb' })).toBe(
      'npm has taken --allow-host for itself: put -- before it, as in `npm run dev -- --allow-host NAME`',
    )
  })

  test('are nothing to a program that no npm script started', () => {
    for (const event of [{}, { npm_lifecycle_event: 'test' }])
      expect(serve([], { npm_config_port: '9000', npm_config_tcp: 'true', ...event }).port).toBe(8000)
  })
})

describe('the port', () => {
  test('is 8000, or what the flag, the bare word or the environment says, in that order', () => {
    const ports = [
      serve([]),
      serve(['9000']),
      serve(['serve', '9000']),
      serve(['-p', '9000']),
      serve([], { PORT: '9000' }),
    ].map(({ port }) => port)
    expect(ports).toEqual([8000, 9000, 9000, 9000, 9000])
    expect([serve(['9000'], { PORT: '1' }).port, serve(['--port', '9001'], { PORT: '1' }).port]).toEqual([9000, 9001])
    expect(serve([], { PORT: '' }).port).toBe(8000)
  })

  test.each([
    ['--port', 'x'],
    ['--port', '65536'],
    ['--port', '-1'],
    ['--port', '1.5'],
    ['--port', ''],
    ['65536'],
    ['8000', '9000'],
  ])('is not %s %s', (...args) => {
    expect(usageOf(args)).not.toBe('it was taken')
  })

  test('from the environment is named when it is wrong', () => {
    expect(usageOf([], { PORT: 'eight' })).toMatch(/^PORT .*"eight"/)
  })
})

test('every flag is read', () => {
  const args =
    '--host ::1 --ring 7 --wait 5 --drain 3 --rooms 9 --bytes 2mb --sessions 4 --polls 6 --trust-proxy 2 --open --quiet --log json'.split(
      ' ',
    )
  expect(serve(args)).toMatchObject({
    host: '::1',
    ring: 7,
    wait: 5,
    drain: 3,
    rooms: 9,
    bytes: 2_097_152,
    sessions: 4,
    polls: 6,
    trustProxy: 2,
    open: true,
    quiet: true,
    log: 'json',
  })
  expect(serve(['--allow-host', 'a', '--allow-host', 'b', '--allow-origin', 'https://c.example'])).toMatchObject({
    allowHost: ['a', 'b'],
    allowOrigin: ['https://c.example'],
  })
  expect(serve([], { HOST: '127.0.0.1' }).host).toBe('127.0.0.1')
})

test('the address of Redis may be left out, and nothing behind the flag is taken for it', () => {
  const standard = 'redis://localhost:6379'
  for (const args of [['--redis'], ['--redis', '9000'], ['--redis', '--quiet']])
    expect(serve(args).redis).toBe(standard)
  expect(serve(['--redis', '9000']).port).toBe(9000)
  const url = 'rediss://ada:p%20w@redis.example:6380/2'
  for (const args of [['--redis', url], [`--redis=${url}`]]) expect(serve(args).redis).toBe(url)
  expect([serve([], { REDIS_URL: url }).redis, serve([]).redis, serve(['--redis=']).redis]).toEqual([
    url,
    undefined,
    undefined,
  ])
  expect(serve(['--redis', '--expire', '24h']).expireMs).toBe(86_400_000)
})

test('the address of PostgreSQL may be left out, and stands beside that of Redis', () => {
  const standard = 'postgres://localhost:5432/mini_chat'
  for (const args of [['--postgres'], ['--postgres', '9000'], ['--postgres', '--quiet']])
    expect(serve(args)).toMatchObject({ postgres: standard, redis: undefined })
  for (const url of ['postgresql://ada:p%20w@db.example/chat?sslmode=require', 'postgres:///chat?host=/run/postgresql'])
    expect(serve(['--postgres', url]).postgres).toBe(url)
  const both = { postgres: standard, redis: 'redis://h' }
  expect(serve([], { DATABASE_URL: standard, REDIS_URL: 'redis://h' })).toMatchObject(both)
  expect(serve(['--postgres'], { REDIS_URL: 'redis://h' })).toMatchObject(both)
  expect(serve([], {}).postgres).toBe(undefined)
})

test('a wrong address of PostgreSQL is not said again: it may have a password in it', () => {
  for (const url of [
    'mysql://:sesame@localhost/chat',
    'localhost:5432',
    'postgres://',
    'postgres://a b',
    'postgres://h:x',
  ])
    expect(usageOf(['--postgres', url])).toMatch(/^--postgres is an address such as postgres:(?!.*sesame)/)
  expect(usageOf([], { DATABASE_URL: 'mysql://h/shop' })).toMatch(/^DATABASE_URL is an address such as postgres:/)
})

test('one store keeps the messages: a flag wins over a variable, and two of a kind are one too many', () => {
  const variable = { REDIS_URL: 'redis://localhost' }
  expect(serve(['--data', 'chat'], variable)).toMatchObject({ data: 'chat', redis: undefined })
  expect(serve(['--redis'], { MINI_CHAT_DATA: 'chat' })).toMatchObject({ data: undefined })
  expect(usageOf(['--data', 'chat', '--redis'])).toMatch(/^--data and --redis both keep the messages/)
  expect(usageOf([], { ...variable, MINI_CHAT_DATA: 'chat' })).toMatch(/^MINI_CHAT_DATA and REDIS_URL both/)
  expect(serve(['--data', 'chat'], { DATABASE_URL: 'postgres://h/chat' })).toMatchObject({ postgres: undefined })
  expect(usageOf(['--data', 'chat', '--postgres'])).toMatch(/^--data and --postgres both keep the messages/)
})

test('a wrong address of Redis is not said again: it may have a password in it', () => {
  for (const url of [
    'http://:sesame@localhost',
    'localhost:6379',
    'redis://:sesame@h/x',
    'redis://',
    'redis://h:99999',
  ])
    expect(usageOf(['--redis', url])).toMatch(/^--redis is an address such as redis:\/\/localhost:6379 or (?!.*sesame)/)
})

describe('wrong usage is one line that says what to do', () => {
  const wrong = [
    ['--nope'],
    ['start'],
    ['--ring', '0'],
    ['--wait', '56'],
    ['--bytes', 'many'],
    ['--log', 'xml'],
    ['--allow-origin', 'c.example'],
    ['--allow-origin', 'https://c.example/'],
    ['--port'],
    ['--open=yes'],
    ['-x'],
    ['--trust-proxy', 'all'],
  ]
  test.each(wrong)('%s %s', (...args) => {
    const sentence = usageOf(args)
    expect(sentence).not.toBe('it was taken')
    expect(sentence).not.toMatch(/\n/)
  })

  test('and what was typed is quoted: no escape sequence gets to a terminal', () => {
    for (const args of [['\x1b[31m'], ['--ring', '\x1b[31m'], ['--\x1b[31m'], ['8000', '\x1b[31m']])
      expect(usageOf(args)).not.toContain('\x1b')
  })
})

test('rates are numbers a second, or off', () => {
  const rates = ({
    rate,
    burst,
    addressRate,
    addressJoins,
    addressRooms,
    addressBurst,
    addressConnections,
  }: Config) => [rate, burst, addressRate, addressJoins, addressRooms, addressBurst, addressConnections]
  expect(rates(serve([]))).toEqual([5, 20, 500, 2, 20, 2000, 2000])
  const given =
    '--rate off --burst 1 --address-rate 2 --address-joins off --address-rooms 4 --address-burst 5 --address-connections off'
  expect(rates(serve(given.split(' ')))).toEqual([Infinity, 1, 2, Infinity, 4, 5, Infinity])
  expect(usageOf(['--rate', '0'])).toMatch(/^--rate is a whole number from 1 to \d+, or off, not "0"/)
  expect(usageOf(['--burst', 'off'])).toMatch(/^--burst is a whole number/)
})

test('what was given counts as given, also where it is the default', () => {
  const isFree = (...args: string[]): boolean | undefined => ratesOf(serve(args)).isFree?.('127.0.0.1')
  expect([isFree(), isFree('--ring', '9'), isFree('--address-rate', '500'), isFree('--address-burst', '2000')]).toEqual(
    [true, true, false, false],
  )
  expect(ratesOf(defaults({ addressRate: 500 })).isFree?.('::1')).toBe(false)
  expect(ratesOf(serve(['--address-joins', '2'])).freeJoins).toEqual({ perSecond: 2, burst: 100 })
})

test('help has a line for every setting, with its default, from the one table', () => {
  const text = help([], 'all')
  for (const { flag, why } of SETTINGS) {
    expect(text).toContain(`--${flag}`)
    expect(text).toContain(why)
  }
  expect(text).toMatch(/--port PORT .*\[8000\].*PORT/)
})

test('help alone shows the everyday settings and the names of the groups; a group shows its own', () => {
  expect(help()).toMatch(/--port PORT[^]*--help keeping [^]*--help all /)
  expect(help()).not.toMatch(/--address-rate|--sync/)
  expect(help([], 'limits')).toMatch(/--address-rate N/)
  expect(help([], 'limits')).not.toMatch(/--port|--sync/)
  expect(help([], 'nonsense')).toBe(help())
  expect(parseCommand(['--help', 'all'], {})).toEqual({ name: 'help', topic: 'all' })
})

test('help and version win over everything else', () => {
  expect(parseCommand(['--help', '9000'], {}).name).toBe('help')
  expect(parseCommand(['-v'], { PORT: 'x' }).name).toBe('version')
})

test('what nobody changed is as in the table', () => {
  expect(defaults({ ring: 3 })).toEqual({ ...serve([]), ring: 3, given: ['ring'] })
})
