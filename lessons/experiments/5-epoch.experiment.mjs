// Lesson 5 beside lesson 4: does a reader notice that the server began anew?

import { collect, experiment, list, start, step, until } from './lab.mjs'

await experiment({
  title: 'Lesson 5: epoch',
  promise: 'after a restart of the server a reader is told of it, and gets each new message.',
  on: ['4-ring', '5-epoch'],
  async run({ name, read, send }) {
    const { url, port, kill } = await start(name)
    const got = collect(read(url))
    for (const said of ['one', 'two', 'three']) await send(url, said)
    await until(() => got.length === 3)
    step(`The reader has ${list(got)}. Its place is message 3.`)
    await kill()
    await start(name, { port })
    step('The server is killed and started again. It has forgotten everything, and counts from 1.')
    for (const said of ['four', 'five']) await send(url, said)
    step('The sender says "four" and "five". The reader asks from its place on.')
    await until(() => got.at(-1)?.text === 'five', 4000)
    const after = got.slice(3).filter(({ text }) => text !== undefined)
    const told = got.some(({ restarted }) => restarted)
      ? 'was told of the restart'
      : 'was told nothing'
    return {
      kept: after.length === 2,
      found: `The reader ${told}, and has ${list(after)} of the two new messages.`,
    }
  },
})
