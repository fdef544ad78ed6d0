// The balancers of deploy/, as Debian has them: each with its own file, in which ports and instances alone are others.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/platform.js'
import { freePort } from './port.js'
import { ask } from './raw.js'

export type Balancer = {
  readonly name: string
  readonly package: string
  readonly file: string
  readonly args: (file: string, folder: string) => string[]
  /** The file's line for each instance, by the instance's number from 0. */
  readonly instances: (text: string, ports: readonly number[]) => string
}

export const NGINX: Balancer = {
  name: 'nginx',
  package: 'nginx-light',
  file: 'nginx.conf',
  args: (file, folder) => ['-p', folder, '-c', file, '-e', 'stderr', '-g', 'daemon off;'],
  instances: (text, ports) =>
    eachInstance(text, 'server mini-chat-N:8000', (port) => `server 127.0.0.1:${port}`, ports),
}

export const HAPROXY: Balancer = {
  name: 'haproxy',
  package: 'haproxy',
  file: 'haproxy.cfg',
  args: (file) => ['-db', '-f', file],
  instances: (text, ports) =>
    // The lines have a test of their own, which names their ports.
    eachInstance(
      text.replace(/frontend lines[^]*/, ''),
      'server (?:one|two) mini-chat-N:8000',
      (port) => `server s${port} 127.0.0.1:${port}`,
      ports,
    ),
}

export const CADDY: Balancer = {
  name: 'caddy',
  package: 'caddy',
  file: 'Caddyfile',
  args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
  instances: (text, ports) =>
    text.replace('mini-chat-1:8000 mini-chat-2:8000', ports.map((port) => `127.0.0.1:${port}`).join(' ')),
}

/** The lines of two instances become one for each of these ports, with the rest of the line as it is. */
function eachInstance(text: string, line: string, of: (port: number) => string, ports: readonly number[]): string {
  const [first, second] = ['1', '2'].map((number) => new RegExp(`${line.replace('N', number)}(.*\n)`))
  return text
    .replace(second ?? '', '')
    .replace(first ?? '', (_line, rest: string) => ports.map((port) => of(port) + rest).join(''))
}

/** A file of deploy/. */
export function deployed(name: string): string {
  return readFileSync(join(PACKAGE_ROOT, 'deploy', name), 'utf8')
}

export type Running = {
  /** What it wrote as trouble. */
  readonly said: () => string
  close(): Promise<void>
}

/** Starts a balancer in front of instances on these ports, which ends with `close`. */
export async function openBalancer(
  balancer: Balancer,
  ports: readonly number[],
): Promise<Running & { readonly port: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'mini-chat-balancer-'))
  const port = await freePort()
  const written = balancer.instances(deployed(balancer.file), ports)
  const text = written
    .replaceAll('/tmp/', `${folder}/`)
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replace('bind :8080', `bind 127.0.0.1:${port}`)
    .replace('\n:8080 {', `\nhttp://:${port} {\n\tbind 127.0.0.1`)
  const running = runProgram(balancer.name, text, (file) => balancer.args(file, folder), folder)
  const close = async (): Promise<void> => {
    await running.close()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await until(async () => (await ask(port, { path: '/health' })).status === 200, balancer.name)
  } catch (error) {
    await close()
    throw error
  }
  return { said: running.said, port, close }
}

/** Runs a program with a file of its own, in this folder. */
export function runProgram(
  name: string,
  text: string,
  args: (file: string) => readonly string[],
  folder: string,
): Running {
  const file = join(folder, 'config')
  writeFileSync(file, text)
  const child = spawn(name, args(file), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4000)))
  const ended = new Promise((resolve) => child.once('close', resolve))
  return {
    said: () => said,
    async close() {
      // From SIGKILL nginx's workers would not hear; Caddy would wait for its connections.
      child.kill(name === 'nginx' ? 'SIGTERM' : 'SIGKILL')
      await ended
    },
  }
}

/** Waits until something answers. */
export async function until(isSo: () => Promise<boolean>, what: string, ms = 15_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}
