// A journal that has seen a year. MINI_CHAT_MESSAGES=1000000 makes it as large as the README's figures are for, and
// holds it to its times too: those need a machine that does nothing else.

import { expect, test } from 'vitest'
import { startChild } from '../support/child.js'
import { journalIn, temporaryFolder } from '../support/journal.js'
import { MEASURES } from '../support/retried.js'
import { draft } from './contract.js'

const WANTED = process.env['MINI_CHAT_MESSAGES']
const MESSAGES = Number(WANTED ?? 200_000)
const BATCH = 10_000

/** What differs between two runs of the same program; a million messages drown it. */
const NOISE_BYTES = WANTED === undefined ? 24 * 2 ** 20 : 0

test(
  `with ${MESSAGES} messages a page from the middle is the right one, and memory is for rings alone`,
  { ...MEASURES, timeout: 120_000 },
  async () => {
    const folder = temporaryFolder()
    const journal = await journalIn(folder)
    for (let i = 0; i < MESSAGES; i += BATCH) {
      await Promise.all(
        Array.from({ length: BATCH }, (_, j) =>
          journal.append('lobby', {
            ...draft(`message ${i + j}`),
            key: `key-${i + j}`,
            timestamp: 1_763_635_200_000 + i,
          }),
        ),
      )
    }
    await journal.close()
    const began = performance.now()
    const server = await startChild(['--data', folder])
    const startMs = performance.now() - began
    const empty = await startChild(['--data', temporaryFolder()])
    const emptyStartMs = performance.now() - began - startMs
    const pageMs = []
    for (let i = 0; i < 10; i++) {
      const from = performance.now()
      const page: { messages: { id: number }[] } = await (
        await fetch(`${server.url}/history?room=lobby&before=${MESSAGES / 2 + i * 1000}&limit=500`)
      ).json()
      pageMs.push(performance.now() - from)
      expect(page.messages.map(({ id }) => id).at(-1)).toBe(MESSAGES / 2 + i * 1000 - 1)
    }
    const rssOf = async (url: string): Promise<number> => {
      const stats: { memory: { rss: number } } = await (await fetch(`${url}/stats`)).json()
      return stats.memory.rss
    }
    const bytes = (await rssOf(server.url)) - (await rssOf(empty.url))
    await Promise.all([server.end('SIGKILL'), empty.end('SIGKILL')])
    const figures = { startMs, emptyStartMs, leastPageMs: Math.min(...pageMs), bytesEach: bytes / MESSAGES }
    process.stderr.write(`  ${JSON.stringify(figures)}\n`)
    expect(startMs - emptyStartMs).toBeLessThan(WANTED === undefined ? Infinity : 3000)
    expect(figures.leastPageMs).toBeLessThan(WANTED === undefined ? Infinity : 20)
    expect(bytes).toBeLessThan(40 * MESSAGES + NOISE_BYTES)
  },
)
