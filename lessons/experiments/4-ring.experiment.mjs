// Lesson 4 beside lesson 3: does the server's memory have a bound, and is a loss told?

import { collect, experiment, start, step, until } from './lab.mjs'

const AWAY = 150
const BOUND = 100

await experiment({
  title: 'Lesson 4: ring',
  promise: `the server keeps at most ${BOUND} messages, and a reader knows how many it has missed.`,
  on: ['3-cursor', '4-ring'],
  async run({ name, read, send }) {
    const { url } = await start(name)
    const got = collect(read(url), async ({ id }) => {
      if (id !== 1) return
      step(`The reader has message 1, and goes into a tunnel. The sender says ${AWAY} things more.`)
      for (let sent = 0; sent < AWAY; sent += 10)
        await Promise.all(Array.from({ length: 10 }, () => send(url, 'something')))
      step('The reader comes out of the tunnel, and asks for what is newer than message 1.')
    })
    await send(url, 'hello')
    await until(() => got.at(-1)?.id === AWAY + 1, 20_000)
    const { messages } = await (await fetch(`${url}/poll?since=0`)).json()
    const shown = got.filter(({ id }) => id > 0).length
    const missed = got.find((event) => event.missed > 0)?.missed ?? 0
    step(`The reader shows ${shown} messages, and was told that ${missed} are missing.`)
    return {
      kept: messages.length <= BOUND && shown + missed === AWAY + 1,
      found: `After ${AWAY + 1} messages the server keeps ${messages.length}, and the reader knows of ${shown + missed}.`,
    }
  },
})
