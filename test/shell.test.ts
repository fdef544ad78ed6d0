// The shell client of docs/protocol.md, taken out of it and run as it stands there: with curl and jq, over a restart
// and an overflow.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { PACKAGE_ROOT } from '../src/platform.js'
import { send } from './support/http.js'
import { needs } from './support/needs.js'
import { startServer, until } from './support/server.js'

const missing = [needs('curl', 'curl'), needs('jq', 'jq')].includes(false)

/** The loop, with another port in it. */
function loopOf(port: number): string {
  const text = readFileSync(join(PACKAGE_ROOT, 'docs/protocol.md'), 'utf8')
  const loop = /```sh\n(next=0\n[^]*?)```/.exec(text)?.[1]
  if (loop === undefined) throw new Error('docs/protocol.md has no shell loop any more')
  return loop.replaceAll('localhost:8000', `localhost:${port}`)
}

function startLoop(port: number): { child: ChildProcess; lines: () => string[] } {
  // A group of its own: the shell and the curl in it end together.
  const child = spawn('sh', ['-c', loopOf(port)], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  onTestFinished(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  })
  return { child, lines: () => text.split('\n').slice(0, -1) }
}

test.skipIf(missing)(
  'the documented shell loop prints every message, over a restart and an overflow',
  async () => {
    const first = await startServer({ host: '0.0.0.0', ring: 5 })
    await send(first.port, 'lobby', 'ada', 'before')
    const { lines } = startLoop(first.port)
    await until(lines, (all) => all.length === 1)
    for (const text of ['one', 'two']) await send(first.port, 'lobby', 'bob', text)
    await until(lines, (all) => all.length === 3)
    await first.stop()

    const second = await startServer({ host: '0.0.0.0', ring: 5, port: first.port })
    for (let i = 1; i <= 9; i++) await send(second.port, 'lobby', 'eve', `n${i}`)
    await until(lines, (all) => all.at(-1) === 'eve: n9')
    await send(second.port, 'lobby', 'ada', 'after')
    await until(lines, (all) => all.at(-1) === 'ada: after')
    expect(lines().slice(0, 3)).toEqual(['ada: before', 'bob: one', 'bob: two'])
    expect(lines().slice(-6)).toEqual(['eve: n5', 'eve: n6', 'eve: n7', 'eve: n8', 'eve: n9', 'ada: after'])
    expect(new Set(lines()).size).toBe(lines().length)
  },
  20_000,
)
