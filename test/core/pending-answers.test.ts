// How much memory unread answers take, without sockets; test/abuse/pending-answers.test.ts has them.

import { expect, test } from 'vitest'
import { LONG, PENDING_BYTES, PendingAnswers } from '../../src/core/pending-answers.js'

const never = (): never => expect.unreachable('cut')

test('an answer of 16 KiB is counted, a shorter one is not', () => {
  const pending = new PendingAnswers()
  expect(pending.add({}, LONG - 1, never)).toBeUndefined()
  expect(pending.bytes).toBe(0)
  const arrived = pending.add({}, LONG, never)
  expect(pending.bytes).toBe(LONG)
  arrived?.()
  arrived?.()
  expect(pending.bytes).toBe(0)
})

test('as many bytes as are allowed may be on their way, and with one more the oldest answer is cut for all its readers', () => {
  for (const [pending, max] of [
    [new PendingAnswers(), PENDING_BYTES],
    [new PendingAnswers(2 * LONG), 2 * LONG],
  ] as const) {
    const cut: string[] = []
    const shared = {}
    const add = (answer: object, bytes: number, name: string) => pending.add(answer, bytes, () => cut.push(name))
    add(shared, LONG, 'a')
    add({}, max - LONG, 'b')
    add(shared, LONG, 'c')
    expect([cut, pending.bytes]).toEqual([[], max])
    add({}, LONG, 'd')
    expect([cut, pending.bytes]).toEqual([['a', 'c'], max])
  }
})

test('two connections may share one way of cutting them, and each counts until it is gone', () => {
  const pending = new PendingAnswers()
  const answer = {}
  const [one, other] = [pending.add(answer, LONG, never), pending.add(answer, LONG, never)]
  one?.()
  one?.()
  expect(pending.bytes).toBe(LONG)
  other?.()
  expect(pending.bytes).toBe(0)
})

test('an answer that was cut and is asked for again is counted anew, and its first reader takes nothing from it', () => {
  const pending = new PendingAnswers(LONG)
  const answer = {}
  const first = pending.add(answer, LONG, () => undefined)
  pending.add({}, LONG, () => undefined)
  pending.add(answer, LONG, () => undefined)
  first?.()
  expect(pending.bytes).toBe(LONG)
})
