// Lesson 7 beside lesson 6: do the readers all come at once, after a failure and in a busy room?

import { setTimeout as sleep } from 'node:timers/promises'
import { collect, countRequests, experiment, recordPauses, start, step, until } from './lab.mjs'

const READERS = 40
const FEW = 5
const MESSAGES = 30
const REST_MS = 100

await experiment({
  title: 'Lesson 7: herd',
  promise: `a busy room answers a reader once in ${REST_MS} ms, and a herd of readers does not come back in step.`,
  on: ['6-key', '7-herd'],
  async run({ name, read, send }) {
    const { url, kill } = await start(name)
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
    const pauses = recordPauses()
    await kill()
    await until(() => pauses.length >= READERS, 5000)
    const most = mostTogether(pauses.slice(0, READERS))
    step(`The server is killed. Each of ${READERS} readers chooses how long it waits.`)
    return {
      kept: answers <= 2 + ms / REST_MS && most <= READERS / 2,
      found: `${most} of the ${READERS} come back in the same tenth of a second.`,
    }
  },
})

/** How many of the pauses end in the same tenth of a second, where most of them do. */
function mostTogether(pauses) {
  const counts = new Map()
  for (const ms of pauses) {
    const tenth = Math.floor(ms / 100)
    counts.set(tenth, (counts.get(tenth) ?? 0) + 1)
  }
  return Math.max(0, ...counts.values())
}
