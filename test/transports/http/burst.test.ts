// The answers of one turn of the event loop are written together, each once.

import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Burst } from '../../../src/transports/http/fast/burst.js'

/** Something with an answer to write: it notes its name when it does. */
function writing(name: number, written: number[]): { flush(): void } {
  return { flush: () => void written.push(name) }
}

test('what is answered while a turn reads is written behind it, in order and once', async () => {
  const [burst, written] = [new Burst(), new Array<number>()]
  expect(burst.isOpen).toBe(false)
  burst.open()
  burst.add(writing(1, written))
  burst.open()
  burst.add(writing(2, written))
  expect([burst.isOpen, written]).toEqual([true, []])
  await turn()
  expect([burst.isOpen, written]).toEqual([false, [1, 2]])
  await turn()
  expect(written).toEqual([1, 2])
})

test('of many the first do not wait for the last', () => {
  const [burst, written] = [new Burst(), new Array<number>()]
  burst.open()
  for (let i = 0; i < 100; i++) burst.add(writing(i, written))
  expect(written).toEqual(Array.from({ length: 64 }, (_, i) => i))
})

test('what is answered while others are written waits for the next turn', async () => {
  const [burst, written] = [new Burst(), new Array<number>()]
  burst.open()
  burst.add({
    flush() {
      burst.open()
      burst.add(writing(2, written))
    },
  })
  await turn()
  expect([burst.isOpen, written]).toEqual([true, []])
  await turn()
  expect(written).toEqual([2])
})
