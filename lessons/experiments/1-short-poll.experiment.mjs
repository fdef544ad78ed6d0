// Lesson 1 beside a page that is loaded once: does a message appear by itself?

import { read } from '../1-short-poll.mjs'
import { collect, experiment, list, start, step, until } from './lab.mjs'

const PAGE = 'a page that is loaded once'

await experiment({
  title: 'Lesson 1: short poll',
  promise: 'a message appears at the reader, and the reader does nothing for it.',
  on: [PAGE, '1-short-poll'],
  async run({ name, send }) {
    const lesson = await import('../1-short-poll.mjs')
    const { url } = await start('1-short-poll')
    const got = name === PAGE ? await loadOnce(url) : collect(read(url))
    step(
      name === PAGE
        ? 'The page is loaded. It asks the server once.'
        : 'The reader asks the server, four times a second.',
    )
    const sentAt = Date.now()
    await (send ?? lesson.send)(url, 'hello')
    step('The sender says "hello".')
    const kept = await until(() => got.length > 0, 2500)
    const ms = Date.now() - sentAt
    return {
      kept,
      found: kept
        ? `The reader shows ${list(got)} after ${ms} ms.`
        : `The page shows nothing after ${ms} ms: it must be loaded again.`,
    }
  },
})

/** A page without a program: it is loaded once. */
async function loadOnce(url) {
  const newest = await (await fetch(`${url}/poll`)).json()
  return newest.id > 0 ? [newest] : []
}
