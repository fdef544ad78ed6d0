// Lesson 3 beside lesson 2: is anything lost while a reader is busy between two polls?

import { setTimeout as sleep } from 'node:timers/promises'
import { collect, experiment, list, start, step, until } from './lab.mjs'

await experiment({
  title: 'Lesson 3: cursor',
  promise: 'no message is lost between two polls.',
  on: ['2-park', '3-cursor'],
  async run({ name, read, send }) {
    const { url } = await start(name)
    const got = collect(read(url), async ({ text }) => {
      if (text !== 'one') return
      // This reader asks again only when this is done.
      await send(url, 'two')
      await send(url, 'three')
    })
    await sleep(300)
    step('The reader is parked. The sender says "one".')
    await send(url, 'one')
    await until(() => got.length > 0)
    step('While the reader shows "one", the sender says "two" and "three".')
    step('The reader asks again, and the sender says nothing more.')
    await until(() => got.length === 3, 3000)
    return {
      kept: got.length === 3,
      found: `Of 3 messages the reader has ${got.length}: ${list(got)}.`,
    }
  },
})
