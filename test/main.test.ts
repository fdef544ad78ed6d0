// The program as a person starts and stops it.

import { type ChildProcess, spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { PACKAGE_ROOT, VERSION } from '../src/platform.js'
import { type Polled, send } from './support/http.js'
import { freePort } from './support/port.js'
import { ask, head, RawClient } from './support/raw.js'

type Run = {
  readonly child: ChildProcess
  /** What it wrote until now. */
  readonly out: { stdout: string; stderr: string }
  readonly exit: Promise<number | null>
  /** Resolves with the match once stdout has it. */
  readonly wrote: (pattern: RegExp) => Promise<RegExpExecArray>
}

function run(args: readonly string[], env: Record<string, string> = {}): Run {
  const { PORT: _port, HOST: _host, ...rest } = process.env
  const child = spawn(process.execPath, [join(PACKAGE_ROOT, 'lib/main.js'), ...args], {
    env: { ...rest, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (out.stderr += text))
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  onTestFinished(() => void child.kill('SIGKILL'))
  const wrote = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(out.stdout)
        if (match !== null) resolve(match)
      }
      child.stdout.on('data', look)
      look()
      void exit.then((code) => reject(new Error(`it ended with ${code}: ${out.stderr}`)))
    })
  return { child, out, exit, wrote }
}

async function start(args: readonly string[] = []): Promise<Run & { port: number }> {
  const program = run(['--port', '0', '--host', '127.0.0.1', ...args])
  const [, port] = await program.wrote(/http:\/\/127\.0\.0\.1:(\d+)/)
  return { ...program, port: Number(port) }
}

/** Is anything listening there? */
function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

describe('starting', () => {
  test('says where it is and what to try, without colours where there is no terminal', async () => {
    const { out, wrote } = run(['--port', '0'])
    const [, port] = await wrote(/Local +http:\/\/localhost:(\d+)\n/)
    await wrote(/Ctrl-C/)
    expect(out.stdout).toContain(`curl -d 'hello' 'http://localhost:${port}/send?room=lobby&username=me'`)
    expect(out.stdout).toContain(`mini-chat ${VERSION}`)
    expect([out.stdout.includes('\x1b'), out.stderr]).toEqual([false, ''])
    expect((await send(Number(port), 'lobby', 'ada', 'hi')).status).toBe(201)
  })

  test('takes its port and host from the environment', async () => {
    const program = run([], { PORT: '0', HOST: '127.0.0.1' })
    await program.wrote(/Local +http:\/\/127\.0\.0\.1:\d+\n/)
  })

  test('as JSON for machines', async () => {
    const json = run(['--port', '0', '--host', '127.0.0.1', '--log', 'json'])
    const [line] = await json.wrote(/^.*listening.*\n/)
    expect(JSON.parse(line)).toMatchObject({ event: 'listening', port: expect.any(Number), version: VERSION })
  })

  test('says nothing when it is to be quiet', async () => {
    const port = await freePort()
    const { child, exit, out } = run(['--port', String(port), '--host', '127.0.0.1', '--quiet'])
    while (!(await isTaken(port)));
    expect((await ask(port, { path: '/health' })).status).toBe(200)
    child.kill('SIGTERM')
    expect([await exit, out]).toEqual([0, { stdout: '', stderr: '' }])
  })

  test('on a taken port is one sentence with the port and a command that finds its owner, and 1', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const address = other.address()
    const port = typeof address === 'object' ? address?.port : 0
    const { exit, out } = run(['--host', '127.0.0.1', '--port', String(port)])
    expect(await exit).toBe(1)
    expect(out.stderr).toMatch(new RegExp(`^mini-chat: port ${port} is taken: .*(ss|lsof|netstat).*${port}.*\n$`))
    expect(out.stdout).toBe('')
  })

  test.each([[['--nope']], [['frobnicate']], [['--port', 'x']], [['8000', '9000']]])(
    'with %j is one line on stderr, and 2',
    async (args) => {
      const { exit, out } = run(args)
      expect(await exit).toBe(2)
      expect([out.stdout, out.stderr]).toEqual(['', expect.stringMatching(/^mini-chat: [^\n]+\n$/)])
    },
  )

  test('with --help or --version prints that and ends', async () => {
    const [help, version] = [run(['--help']), run(['--version'])]
    expect([await help.exit, await version.exit]).toEqual([0, 0])
    expect(help.out.stdout).toMatch(/^usage: mini-chat/)
    expect(version.out).toEqual({ stdout: `${VERSION}\n`, stderr: '' })
  })
})

describe('stopping', () => {
  test('answers a thousand parked polls, each with its own time to come back, and is gone within 5 s', async () => {
    const { port, child, exit } = await start()
    const clients = Array.from({ length: 1000 }, () => new RawClient(port))
    for (const client of clients) client.write(head({ path: '/poll?room=lobby&since=0' }))
    for (let parked = 0; parked < 1000;) parked = JSON.parse((await ask(port, { path: '/stats' })).body).parked
    const since = performance.now()
    child.kill('SIGTERM')
    const answers = await Promise.all(clients.map((client) => client.answer()))
    expect(answers.map((answer) => [answer?.status, answer?.headers.get('connection')])).toEqual(
      answers.map(() => [200, 'close']),
    )
    const bodies = answers.map((answer): Polled => JSON.parse(answer?.body ?? '{}'))
    expect(bodies[0]).toMatchObject({ messages: [], next: '00000000.0', more: false, gaps: [] })
    const retries = bodies.map(({ retry }) => retry ?? 0)
    expect([Math.min(...retries) >= 500, Math.max(...retries) <= 5000, new Set(retries).size > 500]).toEqual([
      true,
      true,
      true,
    ])
    expect(await exit).toBe(0)
    expect(performance.now() - since).toBeLessThan(5000)
    expect(await isTaken(port)).toBe(false)
  })

  test('finishes a send that is under way', async () => {
    const { port, child, exit } = await start()
    const client = new RawClient(port)
    client.write(
      head({
        method: 'POST',
        path: '/send?room=lobby&username=ada',
        headers: { 'Content-Length': '4', Expect: '100-continue' },
      }),
    )
    expect((await client.answer())?.status).toBe(100)
    child.kill('SIGINT')
    while (await isTaken(port));
    client.write('late')
    const answer = await client.answer()
    expect([answer?.status, answer?.headers.get('connection')]).toEqual([201, 'close'])
    expect(await exit).toBe(0)
  })

  test('does not wait longer than 5 s for who says nothing', async () => {
    const { port, child, exit } = await start()
    const client = new RawClient(port)
    client.write('GET /health HT')
    await ask(port, { path: '/health' })
    const since = performance.now()
    child.kill('SIGTERM')
    expect(await exit).toBe(0)
    expect(performance.now() - since).toBeLessThan(5000)
    await client.end()
  })

  test('while draining it serves and is not ready; a second signal ends it with 130', async () => {
    const { port, child, exit, wrote } = await start(['--drain', '60'])
    child.kill('SIGTERM')
    await wrote(/60 s/)
    expect((await ask(port, { path: '/ready' })).status).toBe(503)
    expect((await send(port, 'lobby', 'ada', 'hi')).status).toBe(201)
    child.kill('SIGINT')
    expect(await exit).toBe(130)
  })
})
