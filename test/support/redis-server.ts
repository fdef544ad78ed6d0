// Real Redis servers: each on a free port, as an unprivileged user, with a folder of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createClient } from 'redis'
import { freePort } from './port.js'

/** What there is of Debian's servers that speak the protocol. */
export const REDIS_PROGRAMS = ['redis-server', 'valkey-server'].filter((name) =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name))),
)

/** The user that a server runs as where the tests run as root. */
const NOBODY = 65534

export type RedisServer = {
  readonly port: number
  readonly url: string
  readonly pid: () => number
  /** Sends a command, and answers what came. */
  command(...args: string[]): Promise<unknown>
  start(): Promise<void>
  /** Ends it with a signal, and waits until it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Forgets what it has on disk. */
  wipe(): void
  close(): Promise<void>
}

/** Starts a server that ends with `close`. `args`: such as `--appendonly yes`. */
export async function startRedis(
  args: readonly string[] = [],
  program = REDIS_PROGRAMS[0] ?? 'redis-server',
): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mini-chat-redis-'))
  const asRoot = process.getuid?.() === 0
  if (asRoot) {
    chownSync(folder, NOBODY, NOBODY)
    chmodSync(folder, 0o700)
  }
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  const password = args[args.indexOf('--requirepass') + 1]
  const options = args.includes('--requirepass') && password !== undefined ? { url, password } : { url }

  async function start(): Promise<void> {
    const all = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--logfile',
      join(folder, 'log'),
    ]
    const started = spawn(program, [...all, ...args], {
      stdio: 'ignore',
      ...(asRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    })
    child = started
    const end = performance.now() + 10_000
    for (;;) {
      if (started.exitCode !== null) throw new Error(`${program} ended with ${started.exitCode}`)
      if (
        await command('PING').then(
          (answer) => answer === 'PONG',
          () => false,
        )
      )
        return
      if (performance.now() > end) throw new Error(`${program} did not answer within 10 s`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  async function stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const ended = new Promise((resolve) => ending.once('exit', resolve))
    ending.kill('SIGCONT')
    ending.kill(signal)
    await ended
  }
  async function command(...words: string[]): Promise<unknown> {
    const client = createClient({ ...options, RESP: 2, socket: { reconnectStrategy: false } })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return await client.sendCommand(words)
    } finally {
      client.destroy()
    }
  }
  function wipe(): void {
    rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true })
    rmSync(join(folder, 'dump.rdb'), { force: true })
  }
  async function close(): Promise<void> {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  }
  await start()
  return { port, url, pid: () => child?.pid ?? 0, command, start, stop, wipe, close }
}
