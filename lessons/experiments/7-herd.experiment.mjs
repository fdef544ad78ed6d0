// Lesson 7 beside lesson 6: do the readers all come at once, after a failure and in a busy room?

import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { collect, countRequests, experiment, start, step, until } from './lab.mjs'

const READERS = 40
const FEW = 5
const MESSAGES = 30
const REST_MS = 100

await experiment({
  title: 'Lesson 7: herd',
  promise: `a busy room answers a reader once in ${REST_MS} ms, and a herd of readers does not come back in step.`,
  on: ['6-key', '7-herd'],
  async run({ name, read, send }) {
    const { url, port, kill } = await start(name)
    const counted = countRequests()
    const readers = Array.from({ length: FEW }, () => collect(read(url)))
    await sleep(300)
    const began = Date.now()
    for (let i = 0; i < MESSAGES; i++) await send(url, `number ${i + 1}`)
    await until(() => readers.every((got) => got.at(-1)?.id === MESSAGES), 5000)
    const ms = Date.now() - began
    const answers = (counted.requests - MESSAGES) / FEW
    step(
      `${MESSAGES} messages come in ${ms} ms. The server answers each reader ${answers.toFixed(0)} times.`,
    )

    for (let i = FEW; i < READERS; i++) collect(read(url))
    await sleep(500)
    await kill()
    const times = await triesAt(port, 2500)
    const most = mostWithin(times, 100)
    step(`The server is killed. In 2.5 seconds ${READERS} readers try ${times.length} times.`)
    return {
      kept: answers <= 2 + ms / REST_MS && most <= READERS / 2,
      found: `At most ${most} of the ${READERS} came within the same tenth of a second.`,
    }
  },
})

/** When something knocks at a port, for so long. Every connection is closed at once. */
async function triesAt(port, ms) {
  const times = []
  const door = createServer((socket) => {
    times.push(Date.now())
    socket.destroy()
  })
  door.listen(port, '127.0.0.1')
  await sleep(ms)
  door.close()
  return times
}

function mostWithin(times, ms) {
  const counts = times.map(
    (from) => times.filter((time) => time >= from && time < from + ms).length,
  )
  return Math.max(0, ...counts)
}
