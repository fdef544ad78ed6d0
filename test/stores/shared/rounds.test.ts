import { expect, test } from 'vitest'
import { Rounds } from '../../../src/stores/shared/rounds.js'

/** Rounds that a test ends one by one. */
function createRounds() {
  const ends: ((error?: Error) => void)[] = []
  const rounds = new Rounds(
    () => new Promise((resolve, reject) => ends.push((error) => (error === undefined ? resolve() : reject(error)))),
  )
  const next = async (): Promise<(error?: Error) => void> => {
    while (ends.length === 0) await Promise.resolve()
    return ends.shift() ?? expect.unreachable()
  }
  return { rounds, ends, next }
}

test('however often a round is asked for while one runs, one more comes after it', async () => {
  const { rounds, ends, next } = createRounds()
  const first = rounds.run()
  const end = await next()
  const others = [rounds.run(), rounds.run()]
  end()
  ;(await next())()
  await Promise.all([first, ...others])
  expect([ends.length, rounds.running]).toEqual([0, undefined])
})

test('a round that fails ends them, and the next one begins anew', async () => {
  const { rounds, next } = createRounds()
  const first = rounds.run()
  const end = await next()
  end(new Error('away'))
  await expect(first).rejects.toThrow('away')
  const second = rounds.run()
  ;(await next())()
  await second
})
