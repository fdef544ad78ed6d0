import { expect, test } from 'vitest'
import { type Session, SESSION_MS, Sessions } from '../../../src/core/people/sessions.js'
import { TICK_MS, TimerWheel } from '../../../src/core/rooms/timer-wheel.js'
import { codeOf } from '../../support/chat.js'
import { FakeClock } from '../../support/clock.js'
import { fixedRandom } from '../../support/random.js'

function createSessions(max = 10) {
  const clock = new FakeClock()
  const timers = new TimerWheel(clock)
  const ended: Session[] = []
  const sessions = new Sessions({ clock, timers, random: fixedRandom() }, max, (session) => ended.push(session))
  return { clock, timers, sessions, ended }
}

test('a session is found by its token, and by no other', async () => {
  const { sessions } = createSessions()
  const ada = sessions.open('ada')
  expect(sessions.get(ada.token)).toBe(ada)
  for (const token of ['', 'x', '__proto__', `${ada.token} `])
    expect(await codeOf(() => sessions.get(token))).toBe('unauthorized')
})

test('a session without contact ends after 60 s', async () => {
  const { clock, sessions, ended } = createSessions()
  const ada = sessions.open('ada')
  clock.advance(SESSION_MS - 1)
  expect([ended.length, sessions.size]).toEqual([0, 1])
  clock.advance(TICK_MS + 1)
  expect(ended).toEqual([ada])
  expect([sessions.size, clock.timers]).toEqual([0, 0])
  expect(await codeOf(() => sessions.get(ada.token))).toBe('unauthorized')
})

test('every contact gives it 60 s more', () => {
  const { clock, sessions, ended } = createSessions()
  const ada = sessions.open('ada')
  for (let i = 0; i < 5; i++) {
    clock.advance(SESSION_MS - 100)
    sessions.get(ada.token)
  }
  clock.advance(SESSION_MS - 1)
  expect(ended).toEqual([])
  clock.advance(TICK_MS + 1)
  expect(ended).toEqual([ada])
})

test('what stays connected is contact as long as it lasts, and 60 s more', () => {
  const { clock, sessions, ended } = createSessions()
  const ada = sessions.open('ada')
  const one = ada.connect()
  const other = ada.connect()
  clock.advance(10 * SESSION_MS)
  one()
  one()
  clock.advance(10 * SESSION_MS + 30_000)
  expect(ended).toEqual([])
  other()
  clock.advance(SESSION_MS - 1)
  expect(ended).toEqual([])
  clock.advance(TICK_MS + 1)
  expect(ended).toEqual([ada])
})

test('a house that is full says so, and when to come again', async () => {
  const { sessions } = createSessions(1)
  const ada = sessions.open('ada')
  expect(await codeOf(() => sessions.open('bob'))).toBe('unavailable')
  expect(() => sessions.open('bob')).toThrow(expect.objectContaining({ retryAfter: 60 }))
  sessions.close(ada)
  expect(sessions.open('bob').username).toBe('bob')
})

test('a closed session leaves no timer, and does not end again', () => {
  const { clock, timers, sessions, ended } = createSessions()
  const ada = sessions.open('ada')
  sessions.open('bob')
  sessions.close(ada)
  sessions.close(ada)
  sessions.closeAll()
  clock.advance(10 * SESSION_MS)
  expect([sessions.size, timers.size, clock.timers, ended.length]).toEqual([0, 0, 0, 0])
})
