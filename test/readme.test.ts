// The README is true: its transcripts are run, line by line, against a server, and its programs are run as they
// stand.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../src/app.js'
import { defaults } from '../src/command.js'
import { createLogger } from '../src/log.js'
import { PACKAGE_ROOT } from '../src/platform.js'
import { needs } from './support/needs.js'
import { blocksOf, patternOf, stepsOf } from './support/transcripts.js'

const readme = readFileSync(`${PACKAGE_ROOT}/README.md`, 'utf8')
/** How long a command may take. */
const PATIENCE_MS = 25_000
const log = createLogger({ format: 'text', quiet: true })

describe('the transcripts', () => {
  let app: Awaited<ReturnType<typeof createApp>>
  let port = 0

  beforeAll(async () => {
    const ways = { tcp: 0, websocket: true, socketio: true }
    app = await createApp(defaults({ port: 0, host: '127.0.0.1', quiet: true, ...ways }), log)
    port = await app.listen()
  })

  afterAll(() => app.stop())

  const here = (text: string): string =>
    text.replaceAll('localhost:8000', `localhost:${port}`).replaceAll('localhost 5000', `localhost ${app.tcpPort ?? 0}`)
  const present = { curl: needs('curl', 'curl'), nc: needs('nc', 'netcat-openbsd'), jq: needs('jq', 'jq') }

  for (const [command, expected] of blocks('console').flatMap(stepsOf)) {
    const isThere = command.includes('| nc ') ? present.nc : command.includes('jq') ? present.jq : present.curl
    test.runIf(isThere)(command, async () => {
      const printed = await transcript(asTyped(here(command), port), patternOf(expected))
      expect(printed.trimEnd()).toMatch(patternOf(expected))
    })
  }

  for (const way of ['WebSocket(', 'socket.io-client']) {
    test(`the program that uses ${way}`, async () => {
      const program = blocks('js').find((block) => block.includes(way)) ?? ''
      expect(await output(here(program))).toMatch(/ada: hello from (a socket|Socket\.IO)\n$/)
    })
  }
})

test('the program with a chat inside prints what it sent', async () => {
  const program = blocks('js').find((block) => block.includes('createChat')) ?? ''
  expect(await output(program)).toBe('bot: hello from the program\n')
})

test.each(['express', 'fastify'])('the program with a chat inside %s serves both', async (framework) => {
  const program = blocks('js').find((block) => block.includes(`from '${framework}'`)) ?? ''
  const server = framework === 'express' ? 'server' : 'app.server'
  const look = `
    while (${server}.address() === null) await new Promise((resolve) => setTimeout(resolve, 5))
    for (const path of ['/', '/chat/health', '/nowhere']) {
      const answer = await fetch(\`http://localhost:\${${server}.address().port}\${path}\`)
      console.log(answer.status, answer.ok ? await answer.text() : '')
    }
    process.exit()`
  const printed = await output(program.replace('3000', '0') + look)
  expect(printed).toBe('200 my own page\n200 {"status":"ok"}\n404 \n')
})

test('the program with the client hears itself', async () => {
  const app = await createApp(defaults({ port: 0, host: '127.0.0.1', quiet: true }), log)
  const port = await app.listen()
  const program = blocks('js').find((block) => block.includes('mini-chat/client')) ?? ''
  const heard = await output(program.replaceAll('localhost:8000', `localhost:${port}`))
  await app.stop()
  expect(heard).toBe('eve: hello from the client\n')
})

test('the heart is as long as the README says, and no longer than an afternoon', () => {
  const section = /### The heart.*?\n([^]*?)\n### /.exec(readme)?.[1] ?? ''
  const listed = [...section.matchAll(/\]\((src\/[^)]+)\)/g)].map(([, path]) => path ?? '')
  const lines = [...withImports(listed)].reduce((sum, path) => sum + textOf(path).split('\n').length - 1, 0)
  const said = Number(/they are ([\d,]+) lines/.exec(section)?.[1]?.replace(',', ''))
  expect(listed).toHaveLength(10)
  expect(section).toContain('these ten files')
  expect(lines).toBeLessThanOrEqual(2500)
  expect(Math.abs(lines - said) / lines).toBeLessThan(0.15)
})

test('every file that the README links to is there', () => {
  const links = [...readme.matchAll(/\]\(((?!http)[^)#]+)\)/g)].map(([, path]) => path ?? '')
  const missing = links.filter((path) => !exists(path))
  expect(links.length).toBeGreaterThan(10)
  expect(missing).toEqual([])
})

/** The fenced blocks of one language. */
function blocks(language: string): string[] {
  return blocksOf(readme, language)
}

/** A command as a person types it, without the second that npx takes, and on a slow machine. */
function asTyped(command: string, port: number): string {
  const program = `"${process.execPath}" lib/main.js`
  return command
    .replace(/^curl/, 'curl -s')
    .replace(' -m 1 ', ' -m 4 ')
    .replace('| jq', '| jq --unbuffered')
    .replace(/npx mini-chat (send|tail) (\S+)/, `${program} $1 $2 --url http://localhost:${port}`)
}

/**
 * What a command prints, whatever it ends with: a stream that is cut ends with an error. What would go on for ever gets
 * its Ctrl-C when it has printed what is expected.
 */
function transcript(command: string, pattern: RegExp): Promise<string> {
  let isEndless = command.includes('lib/main.js tail ')
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command], { cwd: PACKAGE_ROOT, detached: true })
    const end = (): void => void (child.pid !== undefined && process.kill(-child.pid, 'SIGINT'))
    const patience = setTimeout(end, PATIENCE_MS)
    let printed = ''
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      if (!isEndless || !pattern.test(printed.trimEnd())) return
      isEndless = false
      end()
    })
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(patience)
      resolve(printed)
    })
  })
}

/** What a program prints; it is run in the package's folder, so that it finds the package by its name. */
function output(program: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: PACKAGE_ROOT,
      timeout: 20_000,
    })
    let printed = ''
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()))
    child.on('error', reject)
    child.on('close', () => resolve(printed))
  })
}

/** These files and all that they import, also for their types. */
function withImports(paths: readonly string[]): Set<string> {
  const all = new Set(paths)
  for (const path of all)
    for (const [, to = ''] of textOf(path).matchAll(/^(?:import|export)\s[^'";]*?from\s+'(\.[^']+)\.js'/gm))
      all.add(`${join(dirname(path), to)}.ts`)
  return all
}

function textOf(path: string): string {
  return readFileSync(`${PACKAGE_ROOT}/${path}`, 'utf8')
}

function exists(path: string): boolean {
  try {
    readFileSync(`${PACKAGE_ROOT}/${path}`)
    return true
  } catch {
    // Only its being there is asked.
    return false
  }
}
