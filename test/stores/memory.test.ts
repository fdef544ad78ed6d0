import { expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory.js'
import { fixedRandom } from '../support/random.js'
import { draft, storeContract } from './contract.js'

storeContract('memory', (size) => memoryStore(size, fixedRandom()))

test('a room keeps its newest messages, and no more', async () => {
  const store = memoryStore(4, fixedRandom())
  await store.subscribe('lobby', () => undefined)
  for (let i = 1; i <= 10; i++) await store.append('lobby', draft(`text ${i}`))
  const { messages, first, last, more } = await store.read('lobby', { limit: 500 })
  expect([messages.map(({ id }) => id), first, last, more]).toEqual([[7, 8, 9, 10], 7, 10, false])
  expect(await store.read('lobby', { limit: 3, after: 2 })).toMatchObject({
    messages: [{ id: 7 }, { id: 8 }, { id: 9 }],
    more: true,
  })
})

test('a log is forgotten with its last subscriber, and made anew with another epoch', async () => {
  const store = memoryStore(4, fixedRandom())
  const epochs: string[] = []
  for (let i = 0; i < 2; i++) {
    const one = await store.subscribe('lobby', (_message, epoch) => epochs.push(epoch))
    const other = await store.subscribe('lobby', () => undefined)
    expect((await store.append('lobby', draft('hi'))).message.id).toBe(1)
    one.close()
    expect((await store.read('lobby', { limit: 9 })).last).toBe(1)
    other.close()
    expect((await store.read('lobby', { limit: 9 })).last).toBe(0)
  }
  expect(epochs).toEqual(['epoch001', 'epoch002'])
})

test('a closed store keeps nothing', async () => {
  const store = memoryStore(4, fixedRandom())
  await store.subscribe('lobby', () => undefined)
  await store.append('lobby', draft('hi'))
  await store.close()
  expect((await store.read('lobby', { limit: 9 })).last).toBe(0)
})
