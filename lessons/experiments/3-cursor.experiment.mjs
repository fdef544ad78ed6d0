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
    await sleep(300)
    step('The reader has asked again. The sender says "four".')
    await send(url, 'four')
    await until(() => got.at(-1)?.text === 'four')
    return {
      kept: got.length === 4,
      found: `Of 4 messages the reader has ${got.length}: ${list(got)}.`,
    }
  },
})
