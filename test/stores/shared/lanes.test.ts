import { expect, test } from 'vitest'
import { ChatError } from '../../../src/core/errors.js'
import { systemClock } from '../../../src/platform.js'
import { Lanes } from '../../../src/stores/shared/lanes.js'

type Sent = { lane: string; items: readonly string[] }

function createLanes(most = 100, batch = 4) {
  const sent: Sent[] = []
  const waiting: (() => void)[] = []
  const lanes = new Lanes<string, string>({
    clock: systemClock,
    most,
    batch,
    isAlone: (item) => item === 'alone',
    async send(lane, items) {
      sent.push({ lane, items })
      await new Promise<void>((resolve) => waiting.push(resolve))
      if (items.includes('bad')) throw new ChatError('unavailable', 'away')
      return items.map((item) => item.toUpperCase())
    },
  })
  const answer = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    for (const go of waiting.splice(0)) go()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { lanes, sent, answer }
}

test('what waits together travels together, in order, one batch of a lane at a time', async () => {
  const { lanes, sent, answer } = createLanes()
  const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((item) => lanes.add('lobby', item))
  const other = lanes.add('den', 'x')
  await answer()
  expect(sent).toEqual([
    { lane: 'lobby', items: ['a', 'b', 'c', 'd'] },
    { lane: 'den', items: ['x'] },
    { lane: 'lobby', items: ['e', 'f'] },
  ])
  await answer()
  expect([...(await Promise.all(all)), await other]).toEqual(['A', 'B', 'C', 'D', 'E', 'F', 'X'])
  expect(lanes.size).toBe(0)
})

test('an item that no other may travel with goes alone', async () => {
  const { lanes, sent, answer } = createLanes()
  const all = ['a', 'alone', 'b', 'c'].map((item) => lanes.add('lobby', item))
  for (let i = 0; i < 3; i++) await answer()
  await Promise.all(all)
  expect(sent.map(({ items }) => items)).toEqual([['a'], ['alone'], ['b', 'c']])
})

test('a batch that fails fails for each in it, and the next one is sent', async () => {
  const { lanes, answer } = createLanes(100, 2)
  const all = ['a', 'bad', 'b'].map((item) => lanes.add('lobby', item))
  const settling = Promise.allSettled(all)
  await answer()
  await answer()
  expect((await settling).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  expect(lanes.size).toBe(0)
})

test('past the most that may wait an item is refused at once', async () => {
  const { lanes, answer } = createLanes(2)
  const all = [lanes.add('lobby', 'a'), lanes.add('den', 'b')]
  await expect(lanes.add('lobby', 'c')).rejects.toMatchObject({ code: 'unavailable', retryAfter: 2 })
  await answer()
  await Promise.all(all)
})

test('closing sends what waits, and takes no more', async () => {
  const { lanes, answer } = createLanes()
  const last = lanes.add('lobby', 'a')
  const closing = lanes.close()
  await expect(lanes.add('lobby', 'b')).rejects.toMatchObject({ code: 'unavailable' })
  await answer()
  expect([await last, await closing]).toEqual(['A', undefined])
})
