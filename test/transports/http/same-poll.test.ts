// A poll that comes again is known by its bytes; everything that is not the same but for the number is read anew.

import { expect, test } from 'vitest'
import { Sweep, turnsOf } from '../../../src/transports/http/sweep.js'
import { readPlain } from '../../../src/transports/http/fast/parse.js'
import { idOf, samePollOf } from '../../../src/transports/http/fast/same-poll.js'
import { parseQuery } from '../../../src/transports/http/query.js'
import { askOf } from '../../../src/transports/http/routes/poll.js'
import { FakeClock } from '../../support/clock.js'

const HOST = 'Host: localhost\r\n'
const bytes = (query: string, headers = HOST): Buffer => Buffer.from(`GET /poll?${query} HTTP/1.1\r\n${headers}\r\n`)

function same(query: string) {
  const plain = readPlain(bytes(query), [{ method: 'GET', text: 'GET /poll' }], undefined)
  return plain === undefined ? undefined : samePollOf(plain, askOf(parseQuery(plain.query)), true)?.same
}

function idAfter(first: string, next: Buffer): number | undefined {
  const poll = same(first)
  if (poll === undefined) throw new Error('it is not remembered')
  return idOf(next, next.length, poll)
}

test('the number of the cursor is read, however long it is and wherever it stands', () => {
  expect(idAfter('room=lobby&since=k3f9qz1a.801', bytes('room=lobby&since=k3f9qz1a.802'))).toBe(802)
  expect(idAfter('room=lobby&since=k3f9qz1a.9', bytes('room=lobby&since=k3f9qz1a.123456789012345'))).toBe(
    123456789012345,
  )
  expect(idAfter('since=9&wait=5&room=lobby', bytes('since=10&wait=5&room=lobby'))).toBe(10)
})

test.each([
  ['another room', bytes('room=lobbx&since=k3f9qz1a.9')],
  ['another log', bytes('room=lobby&since=k3f9qz1b.9')],
  ['another head', bytes('room=lobby&since=k3f9qz1a.9', 'Host: localhosu\r\n')],
  ['one parameter more', bytes('room=lobby&since=k3f9qz1a.9&wait=1')],
  ['no number', bytes('room=lobby&since=k3f9qz1a.')],
  ['a number with a sign', bytes('room=lobby&since=k3f9qz1a.-9')],
  ['a number too long', bytes('room=lobby&since=k3f9qz1a.1234567890123456')],
  ['a second request behind it', Buffer.concat([bytes('room=lobby&since=k3f9qz1a.9'), bytes('room=lobby')])],
  ['half of it', bytes('room=lobby&since=k3f9qz1a.9').subarray(0, 40)],
])('a poll with %s is another one', (_name, next) => {
  expect(idAfter('room=lobby&since=k3f9qz1a.9', next)).toBeUndefined()
})

test.each([
  'room=lobby',
  'room=lobby&since=now',
  'room=lobby&room=den&since=lobby.k3f9qz1a.1~den.k3f9qz1a.1',
  'room=lobby&since=lobby.k3f9qz1a.1',
  'room=lobby&since=k3f9qz1a.1&presence=1',
  'room=lobby&since=k3f9qz1a.1~p1x2y3',
])('%s is not remembered', (query) => {
  expect(same(query)).toBeUndefined()
})

test('sockets whose polls have the same bytes share what is remembered', () => {
  expect(same('room=lobby&since=k3f9qz1a.1')).toBe(same('room=lobby&since=k3f9qz1a.22'))
})

test('a socket is told once a second that it grows old, by one timer, which ends with the last socket', () => {
  const clock = new FakeClock()
  const sweep = new Sweep(clock)
  const turns = [0, 0]
  const sockets = turns.map((_, i) => ({ age: () => (turns[i] = (turns[i] ?? 0) + 1) }))
  for (const socket of sockets) sweep.add(socket)
  clock.advance(3000)
  expect([turns, clock.timers, turnsOf(2500)]).toEqual([[3, 3], 1, 3])
  for (const socket of sockets) sweep.remove(socket)
  clock.advance(3000)
  expect([turns, clock.timers]).toEqual([[3, 3], 0])
})
