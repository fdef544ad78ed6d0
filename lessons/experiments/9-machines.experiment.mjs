// Lesson 9 beside lesson 8: do two servers show the same messages in the same order?
//
// The log is kept by redis-server or valkey-server, where the machine has one. Elsewhere, or
// with STAND_IN=1, redis-stand-in.mjs takes its place.

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { collect, experiment, start, startProgram, step, until } from './lab.mjs'

const MESSAGES = 10

await experiment({
  title: 'Lesson 9: many machines',
  promise: 'readers of two servers get the same messages, with the same ids, in the same order.',
  on: ['8-journal', '9-machines'],
  async run({ name, read, send }) {
    const folder = mkdtempSync(join(tmpdir(), 'mini-chat-lesson-'))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    const port = name === '9-machines' ? await startLog(folder) : 0
    const env = (file) => ({ JOURNAL: join(folder, file), REDIS_PORT: String(port) })
    const a = await start(name, { env: env('a') })
    const b = await start(name, { env: env('b') })
    const [atA, atB] = [collect(read(a.url)), collect(read(b.url))]
    step('Servers A and B are started, with a reader each.')
    const sends = Array.from({ length: MESSAGES }, (_, i) =>
      send(i % 2 ? a.url : b.url, `number ${i + 1}`),
    )
    await Promise.all(sends)
    step(`Senders say ${MESSAGES} things at the same time, to A and to B in turn.`)
    for (const { url } of [a, b])
      await fetch(`${url}/send?key=again`, { method: 'POST', body: 'once' })
    step(
      'One more is sent to A. Its answer is late, so it is sent again, to B and with the same key.',
    )
    await until(() => [atA, atB].every((got) => got.at(-1)?.text === 'once'))
    await sleep(100)
    const [seenA, seenB] = [atA, atB].map((got) => got.map(({ id, text }) => `${id} ${text}`))
    const same = seenA.filter((line) => seenB.includes(line)).length
    step(`The reader of A has ${seenA.length} messages, the reader of B ${seenB.length}.`)
    const isSame = seenA.length === MESSAGES + 1 && seenA.join() === seenB.join()
    return {
      kept: isSame,
      found: isSame
        ? `All ${same} are the same, in the same order.`
        : `The same message under the same id: ${same} of ${MESSAGES + 1}.`,
    }
  },
})

/** Starts the program that keeps the log, and answers its port. */
async function startLog(folder) {
  const command = ['redis-server', 'valkey-server'].find(
    (name) => spawnSync(name, ['--version']).status === 0,
  )
  if (command === undefined || process.env.STAND_IN === '1') {
    const file = fileURLToPath(new URL('redis-stand-in.mjs', import.meta.url))
    step('A stand-in for Redis, in 50 lines, keeps the log.')
    return (await startProgram(file)).port
  }
  step(`${command} keeps the log.`)
  for (;;) {
    const port = await freePort()
    const redis = spawn(
      command,
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder],
      { stdio: 'ignore' },
    )
    process.on('exit', () => redis.kill('SIGKILL'))
    let isOver = false
    redis.on('close', () => (isOver = true))
    while (!isOver) {
      if (await answers(port)) return port
      await sleep(20)
    }
  }
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
