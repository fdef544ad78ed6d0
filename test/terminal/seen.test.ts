import { expect, test } from 'vitest'
import { Seen } from '../../src/terminal/seen.js'
import { message } from '../support/chat.js'

test('an entry comes with the message that it speaks of, as it was before', () => {
  const seen = new Seen()
  seen.take(message(1, { text: 'helo' }))
  expect(seen.take(message(2, { type: 'edit', of: 1, text: 'hello' })).about?.text).toBe('helo')
  expect(seen.take(message(3, { type: 'reaction', of: 1, text: '👍', username: 'bob' })).about?.text).toBe('hello')
  expect(seen.newest('lobby', { name: 'ada', me: 'eve' })).toMatchObject({
    id: 1,
    text: 'hello',
    reactions: [{ text: '👍', by: ['bob'] }],
  })
})

test('the newest message of somebody, or of anybody else, is found, and none that was removed', () => {
  const seen = new Seen()
  for (const one of [message(1), message(2, { username: 'Bob B' }), message(3), message(4, { type: 'delete', of: 3 })])
    seen.take(one)
  expect(seen.newest('lobby', { name: 'ADA', me: 'eve' })?.id).toBe(1)
  expect(seen.newest('lobby', { name: 'bob_b', me: 'eve' })?.id).toBe(2)
  expect(seen.newest('lobby', { me: 'ada' })?.id).toBe(2)
  expect(seen.newest('den', { me: 'ada' })).toBeUndefined()
  seen.forget('lobby')
  expect(seen.newest('lobby', { me: 'eve' })).toBeUndefined()
})

test('of each room as many are remembered as a ring has', () => {
  const seen = new Seen()
  for (let id = 1; id <= 501; id++) seen.take(message(id))
  expect(seen.take(message(502, { of: 1 })).about).toBeUndefined()
  expect(seen.take(message(503, { of: 4 })).about?.id).toBe(4)
})
