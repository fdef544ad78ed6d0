import { describe, expect, test } from 'vitest'
import { type Session, SESSION_MS, Sessions } from '../../../src/core/people/sessions.js'
import { TICK_MS, TimerWheel } from '../../../src/core/rooms/timer-wheel.js'
import { ConnectionLimit } from '../../../src/core/people/limits.js'
import { codeOf } from '../../support/chat.js'
import { FakeClock } from '../../support/clock.js'
import { fixedRandom } from '../../support/random.js'
import { createTwo, known, pass } from '../../support/shared-people.js'

function createSessions(max = 10, connectionLimit?: ConnectionLimit) {
  const clock = new FakeClock()
  const timers = new TimerWheel(clock)
  const ended: Session[] = []
  const sessions = new Sessions({ clock, timers, random: fixedRandom(), connectionLimit }, max, (session) =>
    ended.push(session),
  )
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

test('an address has so many sessions at one time, and the program itself as many as there are', async () => {
  const { sessions } = createSessions(10, new ConnectionLimit(2))
  const open = (address?: string) => sessions.open('ada', address)
  const [first] = [open('192.0.2.1'), open('192.0.2.1'), open('192.0.2.2'), open(), open(), open()]
  expect(await codeOf(() => open('192.0.2.1'))).toBe('unavailable')
  expect(() => open('192.0.2.1')).toThrow(expect.objectContaining({ retryAfter: 60 }))
  sessions.close(first)
  expect(open('192.0.2.1').address).toBe('192.0.2.1')
  expect(await codeOf(() => open('192.0.2.1'))).toBe('unavailable')
})

test('looking for a session is no contact, and who stays is listed', () => {
  const { clock, sessions, ended } = createSessions()
  const [ada, bob] = [sessions.open('ada'), sessions.open('bob')]
  expect([sessions.has(ada.token), sessions.has('x'), [...sessions]]).toEqual([true, false, [ada, bob]])
  clock.advance(SESSION_MS - 1)
  expect([sessions.peek(ada.token), ada.left]).toEqual([ada, 1])
  ada.touch()
  expect(ada.left).toBe(SESSION_MS)
  clock.advance(TICK_MS + 1)
  expect([ended, [...sessions]]).toEqual([[bob], [ada]])
})

test('a process that is alone looks nowhere for a session', async () => {
  const { sessions } = createSessions()
  const ada = sessions.open('ada')
  ada.moderates = true
  expect([sessions.reach('x'), sessions.refresh(ada)]).toEqual([undefined, undefined])
  expect(ada.moderates).toBe(true)
})

describe('a session of another process', () => {
  const identity = { subject: 'u1', username: 'ada', rooms: new Set(['lobby']), until: 9e15 }

  test('is the same person here, and counted to its address there alone', async () => {
    const { one, other } = createTwo()
    const { session } = await one.join({ room: 'lobby', identity, address: '192.0.2.1' })
    await one.moderation.appoint(session)
    await other.sessions.reach(session.token)
    const { token, username, address, moderates, identity: same } = other.sessions.get(session.token)
    expect({ token, username, address, moderates, same }).toEqual({
      token: session.token,
      username: 'ada',
      address: '192.0.2.1',
      moderates: true,
      same: identity,
    })
  })

  test('is looked for once at a time, and not at all where it is known or the token can be none', async () => {
    const { people, one, other } = createTwo()
    const { session } = await one.join({ room: 'lobby', username: 'ada' })
    const asked = other.sessions.reach(session.token)
    expect(other.sessions.reach(session.token)).toBe(asked)
    await asked
    expect(other.sessions.size).toBe(1)
    people.isHere = false
    for (const token of [session.token, '', 'a b', 'x\n', 'x'.repeat(65)])
      expect(other.sessions.reach(token)).toBe(undefined)
    expect(await codeOf(() => other.sessions.reach('x'.repeat(64)))).toBe('unavailable')
    people.isHere = true
    await other.sessions.reach('x'.repeat(64))
    expect(await codeOf(() => other.sessions.get('x'.repeat(64)))).toBe('unauthorized')
  })

  test('has what the other process has changed when it is asked for again, and stays what it was when it is gone', async () => {
    const { one, other } = createTwo()
    const { session } = await one.join({ room: 'lobby', username: 'ada' })
    await other.sessions.reach(session.token)
    const there = other.sessions.get(session.token)
    await one.moderation.appoint(session)
    expect(there.moderates).toBe(false)
    await other.sessions.refresh(there)
    expect(there.moderates).toBe(true)
    await one.end(session)
    await other.sessions.refresh(there)
    expect(there.moderates).toBe(true)
  })

  test('whose time is over here may have a newer identity there, and is asked for before it is refused', async () => {
    const { clock, one, other } = createTwo()
    const identity = { subject: 'u1', username: 'ada', rooms: undefined, until: clock.date() + 5000 }
    const { session } = await one.join({ room: 'lobby', identity, resumes: true })
    const there = await known(other, session)
    await one.join({ room: 'lobby', identity: { ...identity, until: clock.date() + 9000 }, resumes: true })
    const say = async () => other.send({ room: 'lobby', session: await known(other, session), text: 'hi' })
    clock.advance(5000)
    await say()
    expect(there.identity?.until).toBe(identity.until + 4000)
    clock.advance(4000)
    expect(await codeOf(say)).toBe('unauthorized')
  })

  test('is forgotten here a minute after its last contact here, and found again as long as it lasts', async () => {
    const { clock, one, other } = createTwo()
    const { session } = await one.join({ room: 'lobby', username: 'ada' })
    const disconnect = session.connect()
    await other.sessions.reach(session.token)
    await pass(clock, SESSION_MS + TICK_MS + 1)
    expect([other.sessions.size, one.rooms.get('lobby')?.presence.members]).toEqual([0, ['ada']])
    await other.sessions.reach(session.token)
    expect(other.sessions.get(session.token).username).toBe('ada')
    disconnect()
  })
})
