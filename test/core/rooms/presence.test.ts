import { expect, test } from 'vitest'
import {
  GATHER_SEEN_MS,
  hash,
  Presence,
  type PresenceParts,
  SEEN_MEMBERS,
  SEEN_MS,
  TELL_MS,
  TYPING_MS,
} from '../../../src/core/rooms/presence.js'
import { foldName } from '../../../src/core/rooms/message.js'
import { TimerWheel } from '../../../src/core/rooms/timer-wheel.js'
import { FakeClock } from '../../support/clock.js'

function createMembers(parts?: PresenceParts) {
  const clock = new FakeClock()
  const timers = new TimerWheel(clock)
  const members = new Presence(clock, timers, parts)
  const told: number[] = []
  const person = (username: string) => ({ username, fold: foldName(username) })
  return {
    clock,
    timers,
    members,
    told,
    person,
    start: clock.now(),
    watch: () => members.watch(() => told.push(clock.now())),
  }
}

test('a name is held under every way of writing it, by one person', () => {
  const { members, person } = createMembers()
  const ada = person('Ada L')
  members.add(ada)
  expect([members.holder('ada_l'), members.holder('ADA L'), members.holder('ada')]).toEqual([ada, ada, undefined])
  expect([members.has(ada), members.has(person('Ada L')), members.size]).toEqual([true, false, 1])
  members.remove(person('Ada L'))
  expect(members.size).toBe(1)
  members.remove(ada)
  expect(members.holder('ada_l')).toBeUndefined()
})

test('the state is told whole, in the order of joining', () => {
  const { members, person } = createMembers()
  const [ada, bob] = [person('ada'), person('bob')]
  members.add(ada)
  members.add(bob)
  members.setTyping(bob, true)
  expect(members.state.presence).toEqual({ members: ['ada', 'bob'], typing: ['bob'] })
  expect(JSON.parse(members.state.json)).toEqual(members.state.presence)
})

test('members stand in the order of their places, whoever comes and goes between them', () => {
  const { members, person } = createMembers()
  const people = ['ada', 'bob', 'cyd', 'dan', 'eve'].map(person)
  for (const [i, one] of people.entries()) members.add(one, [30, 10, 50, 20, 40][i])
  expect(members.members).toEqual(['bob', 'dan', 'ada', 'eve', 'cyd'])
  for (const one of people.slice(0, 2)) members.remove(one)
  expect(members.members).toEqual(['dan', 'eve', 'cyd'])
  members.add(person('bob'))
  for (const one of people.slice(3)) members.setTyping(one, true)
  members.add(person('ada'), 5)
  expect(JSON.parse(members.membersJson)).toEqual(['ada', 'dan', 'eve', 'cyd', 'bob'])
  expect(members.state.presence).toEqual({ members: members.members, typing: ['dan', 'eve'] })
})

test('a version is of the state itself: the same state has the same version, another has another', () => {
  const { members, person } = createMembers()
  const ada = person('ada')
  const empty = members.state.version
  members.add(ada)
  const one = members.state.version
  members.setTyping(ada, true)
  const typing = members.state.version
  members.setTyping(ada, false)
  expect(members.state.version).toBe(one)
  members.remove(ada)
  expect(members.state.version).toBe(empty)
  expect(new Set([empty, one, typing]).size).toBe(3)
  for (const version of [empty, one, typing]) expect(version).toMatch(/^[a-z0-9]{11}$/)
})

test('typing ends by itself after 6 s, counted from the last time it was said', () => {
  const { members, person, clock, timers } = createMembers()
  const ada = person('ada')
  members.add(ada)
  members.setTyping(ada, true)
  clock.advance(TYPING_MS - 100)
  members.setTyping(ada, true)
  clock.advance(TYPING_MS - 100)
  expect(members.state.presence.typing).toEqual(['ada'])
  clock.advance(200)
  expect(members.state.presence.typing).toEqual([])
  expect([timers.size, clock.timers]).toEqual([0, 0])
})

test('who leaves while typing leaves no timer behind', () => {
  const { members, person, clock, timers } = createMembers()
  const ada = person('ada')
  members.add(ada)
  members.setTyping(ada, true)
  members.remove(ada)
  expect(members.state.presence).toEqual({ members: [], typing: [] })
  expect([timers.size, clock.timers]).toEqual([0, 0])
})

test('however many changes there are, watchers are called at most once a second, and of the last one', () => {
  const { members, person, clock, told, watch, start } = createMembers()
  watch()
  const ada = person('ada')
  members.add(ada)
  for (let i = 0; i < 500; i++) {
    members.setTyping(ada, i % 2 === 0)
    clock.advance(10)
  }
  clock.advance(2 * TELL_MS)
  expect(told[0]).toBeLessThan(start + 100)
  for (let i = 1; i < told.length; i++) expect((told[i] ?? 0) - (told[i - 1] ?? 0)).toBeGreaterThanOrEqual(TELL_MS)
  expect(told.length).toBeGreaterThanOrEqual(5)
  expect(told.at(-1)).toBeGreaterThanOrEqual(start + 4990)
})

test('watchers that come and go between two changes are called no more often', () => {
  const { members, person, clock, told, watch } = createMembers()
  const ada = person('ada')
  members.add(ada)
  for (let i = 0; i < 300; i++) {
    const undo = watch()
    members.setTyping(ada, i % 2 === 0)
    clock.advance(5)
    undo()
    members.setTyping(ada, i % 3 === 0)
    clock.advance(5)
  }
  expect(told.length).toBeLessThanOrEqual(4)
})

test('where nobody watches nothing is told and no timer runs', () => {
  const { members, person, clock } = createMembers()
  members.add(person('ada'))
  expect([members.telling, clock.timers]).toEqual([false, 0])
})

test('a watcher that went is not called, and two may share one function', () => {
  const { members, person, clock } = createMembers()
  let calls = 0
  const call = (): number => calls++
  const undo = members.watch(call)
  members.watch(call)
  undo()
  undo()
  members.add(person('ada'))
  clock.advance(TELL_MS)
  expect([calls, members.watchers]).toEqual([1, 1])
})

test('a closed room has no timer left', () => {
  const { members, person, clock, timers, watch } = createMembers()
  watch()
  const ada = person('ada')
  members.add(ada)
  members.setTyping(ada, true)
  expect(members.telling).toBe(true)
  members.close()
  expect([members.telling, timers.size, clock.timers]).toEqual([false, 0, 0])
})

test('how far members have read is noted, never backwards, and told in the order of joining', () => {
  const { members, person } = createMembers()
  const [ada, bob, eve] = [person('ada'), person('bob'), person('eve')]
  for (const one of [ada, bob, eve]) members.add(one)
  members.saw(bob, 5)
  members.saw(ada, 7)
  members.saw(ada, 6)
  members.saw(person('eve'), 9)
  expect([members.seen.json, members.json(true)]).toEqual([
    '{"ada":7,"bob":5}',
    '{"members":["ada","bob","eve"],"typing":[],"seen":{"ada":7,"bob":5}}',
  ])
  members.remove(ada)
  expect(members.seen.json).toBe('{"bob":5}')
  members.unsee()
  expect(members.seen.json).toBe('{}')
})

test('a class that reads one message is one waking of those who ask for it, and of nobody else', () => {
  const { members, person, clock, told, watch } = createMembers()
  const people = Array.from({ length: 30 }, (_, i) => person(`p${i}`))
  for (const one of people) members.add(one)
  clock.advance(2 * TELL_MS)
  watch()
  const times: number[] = []
  members.watch(() => {
    times.push(clock.now())
    void members.seen
  }, true)
  void members.seen
  for (let id = 1; id <= 100; id++) {
    for (const one of people) members.saw(one, id)
    clock.advance(100)
  }
  clock.advance(2 * SEEN_MS)
  expect(told).toEqual([])
  expect(times.length).toBeGreaterThanOrEqual(4)
  expect(times.length).toBeLessThanOrEqual(5)
  for (let i = 1; i < times.length; i++) expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBeGreaterThanOrEqual(SEEN_MS)
  expect(clock.timers).toBe(0)
})

test('where nobody asks how far members have read no timer runs, nor once the last who asked is gone for a minute', () => {
  const { members, person, clock } = createMembers()
  const ada = person('ada')
  members.add(ada)
  members.saw(ada, 1)
  expect([members.tellingSeen, clock.timers]).toEqual([false, 0])
  void members.seen
  members.saw(ada, 2)
  expect(members.tellingSeen).toBe(true)
  clock.advance(GATHER_SEEN_MS)
  clock.advance(61_000)
  members.saw(ada, 3)
  expect([members.tellingSeen, clock.timers]).toEqual([false, 0])
})

test('a room of very many tells nobody how far they have read', () => {
  const { members, person } = createMembers()
  for (let i = 0; i <= SEEN_MEMBERS; i++) {
    members.add(person(`p${i}`))
    members.saw(person(`p${i}`), 1)
  }
  expect(members.seen.json).toBe('{}')
})

test('a version is good across restarts: a state has the same one in every process', () => {
  expect([hash(''), hash('{"members":["ada"],"typing":[]}')]).toEqual(['0wvjl67o803', '0bevwpm1t2l'])
})

test('hands are told in the order in which they went up, of people who are here, and go with their people', () => {
  const { members, person } = createMembers()
  const [ada, bob, eve] = [person('ada'), person('bob'), person('eve')]
  for (const one of [ada, bob, eve]) members.add(one)
  for (const fold of ['eve', 'nobody', 'ada', 'bob']) members.setHand(fold, true)
  expect([members.hands, members.state.presence.hands]).toEqual([
    ['eve', 'ada', 'bob'],
    ['eve', 'ada', 'bob'],
  ])
  members.setHand('eve', false)
  members.remove(ada)
  members.add(ada)
  expect(members.hands).toEqual(['bob'])
  members.setHand('bob', false)
  expect('hands' in members.state.presence).toBe(false)
})

test('hands are taken over as other processes tell them, also of people who are not here yet', () => {
  const { members, person } = createMembers()
  for (const name of ['ada', 'bob']) members.add(person(name))
  members.setHands(
    new Map([
      ['eve', 1],
      ['ada', 3],
      ['bob', 2],
    ]),
  )
  expect(members.state.presence.hands).toEqual(['bob', 'ada'])
  members.add(person('eve'))
  expect(members.state.presence.hands).toEqual(['eve', 'bob', 'ada'])
  members.setHands(new Map())
  expect('hands' in members.state.presence).toBe(false)
})

test('a hand that stays as it is wakes nobody', () => {
  const { members, person, clock, told, watch } = createMembers()
  members.add(person('ada'))
  watch()
  members.setHand('ada', false)
  members.setHand('bob', true)
  members.setHands(new Map())
  clock.advance(2 * TELL_MS)
  expect(told).toEqual([])
  for (let i = 0; i < 2; i++) {
    members.setHand('ada', true)
    clock.advance(2 * TELL_MS)
    expect(told).toHaveLength(1)
  }
})

test('a change is told a moment later, so that the message that comes with it goes out in the same answer', () => {
  const { members, person, told, clock, watch, start } = createMembers()
  watch()
  members.add(person('ada'))
  clock.advance(24)
  expect(told).toEqual([])
  members.add(person('bob'))
  clock.advance(TELL_MS)
  expect(told).toEqual([start + 25])
})

test('one who joins again is told to nobody, and one who takes the place of another is', () => {
  const { members, person, told, clock, watch } = createMembers()
  const ada = person('ada')
  members.add(ada, 1)
  watch()
  members.add(ada, 1)
  clock.advance(2 * TELL_MS)
  expect([told, members.members]).toEqual([[], ['ada']])
  members.add(person('ADA'), 1)
  clock.advance(2 * TELL_MS)
  expect([told.length, members.members]).toEqual([1, ['ADA']])
})

test('the orders of a moderator are part of the state, and are asked for again when they are others', () => {
  let orders = {}
  const { members } = createMembers({ orders: () => orders })
  expect(members.state.presence).toEqual({ members: [], typing: [] })
  orders = { closed: true, slow: 5 }
  members.changed()
  expect(members.state.json).toBe('{"members":[],"typing":[],"closed":true,"slow":5}')
})

test('names that are held under one token are held by one person, who has read what the person has read', () => {
  const { members, person } = createMembers()
  const ada = { ...person('ada'), token: 't' }
  const elsewhere = { ...ada }
  members.add(ada)
  members.saw(ada, 5)
  expect([members.has(elsewhere), members.has({ ...ada, token: 'u' }), members.has(person('ada'))]).toEqual([
    true,
    false,
    false,
  ])
  members.add(elsewhere)
  members.saw(elsewhere, 4)
  expect(members.seen.json).toBe('{"ada":5}')
  members.add(person('ada'))
  expect(members.seen.json).toBe('{}')
})

test('where it is not noted how far members have read, nothing is told of it', () => {
  const { members, person, clock } = createMembers({ seen: false })
  const ada = person('ada')
  members.add(ada)
  void members.seen
  members.saw(ada, 1)
  expect([members.seen, members.json(true), members.tellingSeen, clock.timers]).toEqual([
    { json: '{}', version: '' },
    '{"members":["ada"],"typing":[]}',
    false,
    0,
  ])
})

test('a room of as many as may be tells how far they have read, and with one more says nothing of it', () => {
  const { members, person } = createMembers()
  const ada = person('ada')
  members.add(ada)
  members.saw(ada, 1)
  for (let i = 1; i < SEEN_MEMBERS; i++) members.add(person(`p${i}`))
  expect([members.json(true).endsWith('"seen":{"ada":1}}'), members.json(false)]).toEqual([true, members.state.json])
  members.add(person('one more'))
  expect([members.seen.json, members.json(true)]).toEqual(['{}', members.state.json])
})

test('the state is made once a change, for all who ask', () => {
  const { members, person } = createMembers()
  const ada = person('ada')
  members.add(ada)
  members.saw(ada, 1)
  const { state, seen } = members
  expect([members.state === state, members.seen === seen]).toEqual([true, true])
  members.setTyping(ada, true)
  expect(members.state).not.toBe(state)
})

test('those who type are told in the order of their places, and none who is not here', () => {
  const { members, person } = createMembers()
  const [ada, bob, eve] = [person('ada'), person('bob'), person('eve')]
  for (const one of [ada, bob, eve]) members.add(one)
  for (const one of [person('zoe'), eve, bob, ada]) members.setTyping(one, true)
  expect(members.state.presence.typing).toEqual(['ada', 'bob', 'eve'])
})

test('one who types on wakes nobody, and one who moves to another place does', () => {
  const { members, person, clock, told, watch } = createMembers()
  const [ada, bob] = [person('ada'), person('bob')]
  members.add(ada, 1)
  members.add(bob, 5)
  members.setTyping(ada, true)
  watch()
  members.setTyping(ada, true)
  members.setTyping(bob, false)
  clock.advance(2 * TELL_MS)
  expect(told).toEqual([])
  members.add(ada, 9)
  clock.advance(2 * TELL_MS)
  expect([told.length, members.members]).toEqual([1, ['bob', 'ada']])
})

test('a watcher that comes back within the second is told of what changed while it was away', () => {
  const { members, person, clock, told, watch, start } = createMembers()
  const undo = watch()
  members.add(person('ada'))
  clock.advance(100)
  undo()
  members.add(person('bob'))
  watch()
  clock.advance(2 * TELL_MS)
  expect(told).toEqual([start + 25, start + 25 + TELL_MS])
})

test('what was told to nobody puts off no later change', () => {
  const { members, person, clock, told, watch } = createMembers()
  const undo = watch()
  members.add(person('ada'))
  undo()
  clock.advance(30)
  watch()
  members.add(person('bob'))
  clock.advance(25)
  expect(told).toEqual([clock.now()])
})

test('one who reads nothing new wakes nobody, and neither does one who is not here', () => {
  const { members, person, clock } = createMembers()
  const ada = person('ada')
  members.add(ada)
  members.saw(ada, 1)
  expect(members.seen.json).toBe('{"ada":1}')
  members.saw(ada, 1)
  members.saw(person('zoe'), 2)
  expect([members.tellingSeen, clock.timers]).toEqual([false, 0])
})
