// Starts a fresh server, and the driver against it, each on a core of its own where `taskset` exists.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Job } from './driver.js'
import { HOW_TO_GET_NCHAN, type Nginx, nchanOn } from './nchan.js'
import type { Side } from './scenario.js'

export type Server = { readonly port: number; readonly pid: number; stop(): Promise<void> }

const SERVER_CORE = 0
const DRIVER_CORE = 1
const START_MS = 5000
const STOP_MS = 6000
const RUN_MS = { usual: 120_000, long: 480_000 }

const main = fileURLToPath(new URL('../src/main.js', import.meta.url))
/** The servers that are one file here. */
const fileOf = (side: Side): string => fileURLToPath(new URL(`${side}.js`, import.meta.url))
const driver = fileURLToPath(new URL('driver.js', import.meta.url))

/** Can the server and the driver have a core each? */
export const pinned = availableParallelism() > 1 && runs('taskset', ['-c', `${SERVER_CORE},${DRIVER_CORE}`, 'true'])

/** A limit on how much one person may say would be what is measured: it is off, where there is one. */
const unlimited = execFileSync(process.execPath, [main, '--help', 'all'], { encoding: 'utf8' }).includes('--rate ')
  ? ['--rate', 'off']
  : []

/** `nginx`: what the side `nchan` is. `flags`: of ours, beside the usual. */
export async function startServer(side: Side, nginx?: Nginx, flags: readonly string[] = []): Promise<Server> {
  const port = await freePort()
  if (side === 'nchan') return startNchan(port, nginx)
  const args =
    side === 'ours'
      ? [main, '--port', String(port), '--host', '127.0.0.1', '--quiet', ...unlimited, ...flags]
      : [fileOf(side), String(port)]
  return serverOf(start(SERVER_CORE, args, ['ignore', 'ignore', 'inherit']), port, args)
}

/** A Redis that keeps nothing on disk, on the driver's core. */
export async function startRedis(): Promise<Server> {
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '']
  return serverOf(start(DRIVER_CORE, args, ['ignore', 'ignore', 'inherit'], 'redis-server'), port, args)
}

async function startNchan(port: number, nginx: Nginx | undefined): Promise<Server> {
  if (nginx === undefined) throw new Error(HOW_TO_GET_NCHAN)
  const { args, remove } = nchanOn(port, nginx)
  const server = await serverOf(start(SERVER_CORE, args, ['ignore', 'ignore', 'inherit'], nginx.command), port, args)
  return { ...server, stop: () => server.stop().finally(remove) }
}

async function serverOf(child: ChildProcess, port: number, args: readonly string[]): Promise<Server> {
  const { pid } = child
  if (pid === undefined) throw new Error(`the server did not start: ${args.join(' ')}`)
  await answering(child, port)
  return { port, pid, stop: () => end(child) }
}

/** Runs a job. Resolves with what the driver printed; rejects when it failed or took too long. */
export async function drive(job: Job, isLong = false): Promise<unknown> {
  const ms = isLong ? RUN_MS.long : RUN_MS.usual
  const child = start(DRIVER_CORE, [driver, JSON.stringify(job)], ['ignore', 'pipe', 'inherit'])
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const deadline = setTimeout(() => child.kill('SIGKILL'), ms)
  const [code, signal] = await once(child, 'close')
  clearTimeout(deadline)
  if (code === 0) return JSON.parse(output)
  throw new Error(signal === 'SIGKILL' ? `the driver was not done within ${ms / 1000} s` : 'the driver failed')
}

function start(
  core: number,
  args: string[],
  stdio: ('ignore' | 'pipe' | 'inherit')[],
  program = process.execPath,
): ChildProcess {
  const [command, first] = pinned ? ['taskset', ['-c', String(core), program]] : [program, []]
  return spawn(command, [...first, ...args], { stdio })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await gone
  clearTimeout(deadline)
}

async function answering(child: ChildProcess, port: number): Promise<void> {
  const deadline = performance.now() + START_MS
  while (performance.now() < deadline && child.exitCode === null) {
    if (await connects(port)) return
    await sleep(20)
  }
  child.kill('SIGKILL')
  throw new Error(`the server did not listen within ${START_MS / 1000} s`)
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.once('connect', () => socket.destroy())
    socket.once('error', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('there is no free port')
  return address.port
}

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    // It is not there, or not allowed: then nothing is pinned, and the table says so.
    return false
  }
}
