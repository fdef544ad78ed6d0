import fc from 'fast-check'
import { expect, test } from 'vitest'
import { idBefore } from '../../../src/core/rooms/history.js'
import type { Range } from '../../../src/core/rooms/store.js'
import { memoryStore } from '../../../src/stores/memory.js'
import { systemRandom } from '../../../src/platform.js'
import { draft } from '../../stores/contract.js'

test('the place of a time is where a list of all messages has it, in few looks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }),
      fc.integer({ min: -1, max: 52 }),
      async (times, time) => {
        const store = memoryStore(40, systemRandom)
        const sorted = times.toSorted((a, b) => a - b)
        await store.subscribe('lobby', () => undefined)
        for (const timestamp of sorted) await store.append('lobby', { ...draft('hi'), timestamp })
        const first = Math.max(0, sorted.length - 40)
        const before = sorted.findIndex((at, i) => i >= first && at >= time)
        let looks = 0
        const read = (range: Range) => {
          looks++
          return store.read('lobby', range)
        }
        expect(await idBefore(read, time)).toBe(before < 0 ? sorted.length : before)
        expect(looks).toBeLessThanOrEqual(8)
      },
    ),
  )
})
