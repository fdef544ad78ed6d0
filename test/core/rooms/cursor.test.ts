import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatCursor, parseSince } from '../../../src/core/rooms/cursor.js'
import { codeOf } from '../../support/chat.js'

const room = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
const epoch = fc.stringMatching(/^[a-z0-9]{8}$/)
const id = fc.nat(Number.MAX_SAFE_INTEGER)
const place = fc.record({ room, epoch, id })
const version = fc.option(fc.stringMatching(/^[a-z0-9]{1,176}$/), { nil: undefined })

test('a cursor of one room is EPOCH.ID, of several ROOM.EPOCH.ID joined by ~', () => {
  const lobby = { room: 'lobby', epoch: 'k3f9qz1a', id: 801 }
  expect(formatCursor([lobby])).toBe('k3f9qz1a.801')
  expect(formatCursor([lobby, { room: 'den', epoch: '00000000', id: 0 }])).toBe('lobby.k3f9qz1a.801~den.00000000.0')
})

test('the state of presence that was told is one part more, ~pVERSION', () => {
  expect(formatCursor([{ room: 'lobby', epoch: 'k3f9qz1a', id: 801 }], '1x2')).toBe('k3f9qz1a.801~p1x2')
})

test('whatever is written as a cursor is read as the same places', () => {
  const places = fc.uniqueArray(place, { minLength: 1, maxLength: 16, selector: (one) => one.room })
  fc.assert(
    fc.property(places, version, (given, presence) => {
      const names = given.map((one) => one.room)
      const since = parseSince(formatCursor(given, presence), names)
      expect(names.map((name) => since.place(name))).toEqual(given.map((one) => ({ epoch: one.epoch, id: one.id })))
      expect(since.presence).toBe(presence)
    }),
  )
})

test('a cursor of several rooms is good for one of them alone, and for a room it lacks it says nothing', () => {
  const cursor = 'lobby.k3f9qz1a.801~den.p0cq11zz.5'
  expect(parseSince(cursor, ['den']).place('den')).toEqual({ epoch: 'p0cq11zz', id: 5 })
  expect(parseSince(cursor, ['attic']).place('attic')).toBeUndefined()
  expect(parseSince('eightxxx.k3f9qz1a.801', ['eightxxx']).place('eightxxx')).toEqual({ epoch: 'k3f9qz1a', id: 801 })
  expect(parseSince('k3f9qz1a.801', ['lobby', 'den']).place('lobby')).toBeUndefined()
})

test('the cursor of one room is a place in its log, whatever the room is called', () => {
  for (const room of ['lobby', 'den'])
    expect(parseSince('k3f9qz1a.801', [room]).place(room)).toEqual({ epoch: 'k3f9qz1a', id: 801 })
})

test('rooms and names that JavaScript knows otherwise are just names', () => {
  const names = ['__proto__', 'constructor', 'toString']
  const cursor = formatCursor(names.map((name, i) => ({ room: name, epoch: 'k3f9qz1a', id: i })))
  const since = parseSince(cursor, names)
  expect(names.map((name) => since.place(name))).toEqual([0, 1, 2].map((n) => ({ epoch: 'k3f9qz1a', id: n })))
  expect(parseSince('lobby.k3f9qz1a.1', ['lobby', 'toString']).place('toString')).toBeUndefined()
})

test('a bare number is a place without an epoch, for one room alone', async () => {
  expect(parseSince('12', ['lobby']).place('lobby')).toEqual({ epoch: undefined, id: 12 })
  expect(await codeOf(() => parseSince('12', ['lobby', 'den']))).toBe('bad_request')
})

test('absent is the newest, and now is now, in every room', () => {
  expect(parseSince(undefined, ['lobby']).place('lobby')).toBeUndefined()
  expect(parseSince('now', ['lobby', 'den']).place('den')).toBe('now')
})

describe('what is no cursor is refused', () => {
  const wrong = [
    '-1',
    '1.5',
    '1e3',
    '1e999',
    'NaN',
    'Infinity',
    '0x10',
    ' 1',
    '9007199254740993',
    'NOW',
    '~',
    'k3f9qz1a',
    'k3f9qz1a.',
    '.5',
  ]
  const more = [
    'k3f9qz1a.-1',
    'k3f9qz1a.1.5',
    'k3f9qz1a.00000000000000001',
    'K3F9QZ1A.1',
    'k3f9qz1.1',
    'k3f9qz1a.9007199254740993',
    'a b.k3f9qz1a.1',
    'k3f9qz1a.1~',
    'k3f9qz1a.1\n',
    'k3f9qz1a. ',
    '--------.1',
    'p',
    '%00',
  ]
  test.each([...wrong, ...more])('%j', async (value) => {
    expect(await codeOf(() => parseSince(value, ['lobby']))).toBe('bad_request')
  })

  test('whatever comes is read or refused in words, never a crash', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('~', '.', 'p', 'a', '0', '9', 'lobby', 'k3f9qz1a') })),
        (value) => {
          try {
            parseSince(value, ['lobby'])
          } catch (error) {
            expect(error).toHaveProperty('code', 'bad_request')
            expect(String(error)).toMatch(/since/)
          }
        },
      ),
    )
  })
})
