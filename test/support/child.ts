// The program itself, as a process of its own: for tests that kill it, trace it, or fill its disk.

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/platform.js'

export const MAIN = join(PACKAGE_ROOT, 'lib/main.js')

export type ChildServer = {
  readonly child: ChildProcess
  readonly pid: number
  readonly url: string
  /** Everything it wrote. */
  readonly output: () => string
  /** Ends it with a signal, and waits until it has ended; answers its exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

/** Runs a command of the program to its end; `input`: what it reads. */
export function run(args: readonly string[], input = ''): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, ...args])
  let [out, err] = ['', '']
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()))
  child.stdin.end(input)
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })))
}

/** Starts a server on a free port and waits until it listens. `before`: a program and arguments that run it, such as strace. */
export async function startChild(
  args: readonly string[],
  before: readonly string[] = [],
  ms = 20_000,
): Promise<ChildServer> {
  const [command = process.execPath, ...rest] = [
    ...before,
    process.execPath,
    MAIN,
    '--port',
    '0',
    '--host',
    '127.0.0.1',
    '--log',
    'json',
    '--rate',
    'off',
    ...args,
  ]
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const port = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`it did not listen within ${ms} ms: ${output}`))
    }, ms)
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString()
      const match = /"event":"listening".*?"port":(\d+)/.exec(output)
      if (match === null) return
      clearTimeout(timer)
      resolve(Number(match[1]))
    })
    child.once('close', () => {
      clearTimeout(timer)
      reject(new Error(`it ended: ${output}`))
    })
  })
  const end = (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal)
    return ended
  }
  return { child, pid: child.pid ?? 0, url: `http://127.0.0.1:${port}`, output: () => output, end }
}
