// The journal's two tables in memory, against the plainest thing that does the same: a Map, a list.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { halfSipHash, hashOf, KeyIndex } from '../../src/stores/journal/key-index.js'
import { Log } from '../../src/stores/journal/log.js'
import { OffsetIndex } from '../../src/stores/journal/offset-index.js'

/** Where each message lies, and nothing clever. */
class NaiveOffsets {
  #places: { id: number; position: number }[] = []
  last = 0

  add(id: number, position: number): void {
    this.#places.push({ id, position })
    this.last = id
  }

  dropBefore(position: number): void {
    this.#places = this.#places.filter((place) => place.position >= position)
  }

  clear(): void {
    this.#places = []
    this.last = 0
  }

  of(id: number): number | undefined {
    return this.#places.find((place) => place.id === id)?.position
  }

  get ids(): number[] {
    return this.#places.map(({ id }) => id)
  }
}

const STEPS = fc.oneof(
  { weight: 10, arbitrary: fc.record({ step: fc.constant('add' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ step: fc.constant('drop' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('skip' as const), count: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('clear' as const) }) },
)

describe('the index of offsets', () => {
  test('says of every id what a plain list says, through growth, drops, holes and another epoch', () => {
    fc.assert(
      fc.property(fc.array(STEPS, { maxLength: 60 }), (steps) => {
        const [index, naive] = [new OffsetIndex(), new NaiveOffsets()]
        let [next, position, oldest] = [1, 1, 1]
        const add = (): void => {
          index.add(next, position)
          naive.add(next, position)
          next++
          position++
        }
        for (const one of steps) {
          if (one.step === 'add') for (let i = 0; i < one.count; i++) add()
          if (one.step === 'skip') {
            next += one.count
            add()
          }
          if (one.step === 'drop') {
            oldest += Math.floor((position - oldest) * one.share)
            index.dropBefore(oldest)
            naive.dropBefore(oldest)
          }
          if (one.step === 'clear') {
            index.clear()
            naive.clear()
            next = 1
          }
          const { ids } = naive
          for (let id = 0; id <= next; id++) expect(index.of(id)).toBe(naive.of(id))
          expect([index.last, index.size > 0]).toEqual([naive.last, ids.length > 0])
          expect(ids.length === 0 || index.first <= (ids[0] ?? 0)).toBe(true)
          if (one.step === 'drop') expect(index.first).toBe(ids[0] ?? 0)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('takes no more memory than twice what it holds, however long it goes on', () => {
    const index = new OffsetIndex()
    for (let id = 1; id <= 50_000; id++) {
      index.add(id, id)
      if (id % 7 === 0) index.dropBefore(id - 1000)
    }
    expect(index.bytes).toBeLessThanOrEqual(4 * 8 * index.size)
  })
})

describe('the index of keys', () => {
  const PERIOD_MS = 1000
  const KEYS = fc.array(
    // Few hashes, many of which begin at the same slot or beside it; and so many that the table grows.
    fc.record({
      hash: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
      wait: fc.constantFrom(0, 0, 0, 1, 300, 1700),
    }),
    { maxLength: 300 },
  )

  test('finds the newest eight of each hash for its time at least, and nothing of another', () => {
    fc.assert(
      fc.property(KEYS, (keys) => {
        const index = new KeyIndex(PERIOD_MS)
        const added: { hash: number; position: number; at: number }[] = []
        let now = 0
        for (const [i, { hash, wait }] of keys.entries()) {
          now += wait
          index.add(hash, i + 1, now)
          added.push({ hash, position: i + 1, at: now })
        }
        for (const hash of new Set(added.map((one) => one.hash))) {
          const mine = added.filter((one) => one.hash === hash)
          const due = mine.filter(({ at }) => now - at <= PERIOD_MS).slice(-8)
          const found = index.find(hash)
          expect(found).toEqual(expect.arrayContaining(due.map(({ position }) => position)))
          expect(mine.map(({ position }) => position)).toEqual(expect.arrayContaining(found))
          expect(new Set(found).size).toBe(found.length)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('hashes as the reference does, so what is known of HalfSipHash holds of it', () => {
    // The key 00 01 … 07 and the texts 00 01 02 …, in bytes: the first vectors of the authors' own list, for 2-4.
    const key = [0x03020100, 0x07060504] as const
    const hex = (text: string): string => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32LE(halfSipHash(text, key, 2, 4))
      return bytes.toString('hex')
    }
    expect([hex(''), hex('\u0100'), hex('\u0100\u0302')]).toEqual(['a9359f5b', 'fa62a603', '2a6e4689'])
  })

  test('gives names that share a hash in one process different ones in another', () => {
    const names = Array.from({ length: 60_000 }, (_, i) => `lobby/"user${i}"/k`)
    const collisions = (secret: readonly [number, number]): Map<number, string[]> => {
      const byHash = new Map<number, string[]>()
      for (const name of names) {
        // 20 bits of it, so that many share them.
        const hash = halfSipHash(name, secret, 1, 3) & 0xfffff
        byHash.set(hash, [...(byHash.get(hash) ?? []), name])
      }
      return byHash
    }
    const chosen = [...collisions([1, 2]).values()].filter((equal) => equal.length > 1).slice(0, 500)
    const still = chosen.filter(
      ([a = '', b = '']) => ((halfSipHash(a, [3, 4], 1, 3) ^ halfSipHash(b, [3, 4], 1, 3)) & 0xfffff) === 0,
    )
    expect([chosen.length, still.length]).toEqual([500, 0])
    expect(hashOf('lobby', '"ada"', 'k')).toBe(hashOf('lobby', '"ada"', 'k'))
  })
})

describe('what a log knows of changes', () => {
  const change = { room: 'lobby', username: 'ada', text: 'x', timestamp: 1 }

  test('an edit that outlives its own message in the files still gives its text up to the next change', () => {
    const log = new Log()
    for (const id of [1, 2, 3, 4, 5]) log.add('epoch001', id, id)
    log.note({ id: 3, type: 'edit', of: 1, ...change })
    log.positions.dropBefore(2)
    log.trim()
    log.note({ id: 4, type: 'edit', of: 1, ...change })
    expect([...log.removed]).toEqual([3])
    log.positions.dropBefore(5)
    log.trim()
    expect([log.removed.size, log.amended.size]).toEqual([0, 0])
  })
})
