// Lesson 2 beside lesson 1: how many requests does a quiet room cost?

import { setTimeout as sleep } from 'node:timers/promises'
import { collect, countRequests, experiment, start, step, until } from './lab.mjs'

const QUIET_MS = 1000

await experiment({
  title: 'Lesson 2: park',
  promise: 'a reader asks once a message, and not again and again.',
  on: ['1-short-poll', '2-park'],
  async run({ name, read, send }) {
    const { url } = await start(name)
    const counted = countRequests()
    const got = collect(read(url))
    const delays = []
    for (const said of ['one', 'two']) {
      await sleep(QUIET_MS)
      const sentAt = Date.now()
      await send(url, said)
      await until(() => got.length > delays.length)
      delays.push(Date.now() - sentAt)
      step(
        `Nothing for a second, then the sender says "${said}". The reader has it after ${delays.at(-1)} ms.`,
      )
    }
    // The sender's requests do not count for the reader.
    const asked = counted.requests - 2
    const kept = got.length === 2 && asked <= 3
    return { kept, found: `The reader asked ${asked} times to hear ${got.length} messages.` }
  },
})
