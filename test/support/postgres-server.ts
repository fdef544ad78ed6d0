// Real PostgreSQL servers: each on a free port, as an unprivileged user, with a folder of its own.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { freePort } from './port.js'

/** The user that a server runs as where the tests run as root. */
const NOBODY = 65534
const DEBIAN = '/usr/lib/postgresql'

/** The folder of Debian's newest server; undefined where there is none. */
export const POSTGRES_BIN = existsSync(DEBIAN)
  ? readdirSync(DEBIAN)
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => join(DEBIAN, version, 'bin'))
      .find((folder) => existsSync(join(folder, 'postgres')))
  : undefined

export type PostgresServer = {
  readonly port: number
  /** Of its own database, as its owner. */
  readonly url: string
  readonly folder: string
  readonly pid: () => number
  /** Asks, as the superuser, and answers the rows. `url`: of another database than its first. */
  query(text: string, values?: readonly unknown[], url?: string): Promise<Record<string, unknown>[]>
  start(): Promise<void>
  /** Ends it with a signal, and waits until all its processes have ended. */
  stop(signal?: NodeJS.Signals): Promise<void>
  close(): Promise<void>
}

const as = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** A folder with an empty database in it, made once a process: initdb takes a second. */
let template: string | undefined

/** Takes the template away, which the next server makes again. */
export function forgetTemplate(): void {
  if (template !== undefined) rmSync(dirname(template), { recursive: true, force: true })
  template = undefined
}

function own(path: string): string {
  if (as.uid !== undefined) chownSync(path, NOBODY, NOBODY)
  return path
}

function write(path: string, text: string): string {
  writeFileSync(path, text)
  return path
}

function makeTemplate(): string {
  if (template !== undefined) return template
  const folder = own(mkdtempSync(join(tmpdir(), 'mini-chat-initdb-')))
  process.once('exit', forgetTemplate)
  const password = own(write(join(folder, 'password'), 'sesame'))
  const args = ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', password]
  execFileSync(join(POSTGRES_BIN ?? '', 'initdb'), [...args, '-N', '-E', 'UTF8', '--locale', 'C'], {
    ...as,
    cwd: folder,
    stdio: 'pipe',
  })
  return (template = join(folder, 'data'))
}

/** Starts a server that ends with `close`. `settings`: such as `fsync=off`; `isReplica`: it waits for what another one says. */
export async function startPostgres(settings: readonly string[] = [], isReplica = false): Promise<PostgresServer> {
  const home = own(mkdtempSync(join(tmpdir(), 'mini-chat-postgres-')))
  const folder = join(home, 'data')
  // As the user that owns it, so that the server takes it.
  execFileSync('cp', ['-a', makeTemplate(), folder], as)
  if (isReplica) own(write(join(folder, 'standby.signal'), ''))
  const port = await freePort()
  const address = `postgres://postgres:sesame@127.0.0.1:${port}`
  let child: ChildProcess | undefined
  let log = ''

  async function start(): Promise<void> {
    const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'shared_buffers=16MB', ...settings]
    const args = ['-D', folder, '-p', String(port), ...all.flatMap((setting) => ['-c', setting])]
    const started = spawn(join(POSTGRES_BIN ?? '', 'postgres'), args, {
      ...as,
      cwd: home,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    started.stderr.on('data', (bytes: Buffer) => (log = (log + bytes.toString()).slice(-5000)))
    child = started
    const end = performance.now() + 30_000
    for (;;) {
      if (started.exitCode !== null) throw new Error(`postgres ended with ${started.exitCode}: ${log}`)
      const isUp = await query('select 1').then(
        () => true,
        () => false,
      )
      if (isUp) return
      if (performance.now() > end) throw new Error(`postgres did not answer within 30 s: ${log}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  async function stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    // What it started holds its output open, and the folder, until the last one has gone.
    const ended = new Promise((resolve) => ending.once('close', resolve))
    ending.kill('SIGCONT')
    ending.kill(signal)
    await ended
  }
  async function query(
    text: string,
    values: readonly unknown[] = [],
    url = `${address}/postgres`,
  ): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return (await client.query<Record<string, unknown>>(text, [...values])).rows
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  async function close(): Promise<void> {
    await stop()
    rmSync(home, { recursive: true, force: true })
  }
  try {
    await start()
  } catch (error) {
    await close()
    throw error
  }
  return { port, url: `${address}/postgres`, folder, pid: () => child?.pid ?? 0, query, start, stop, close }
}
