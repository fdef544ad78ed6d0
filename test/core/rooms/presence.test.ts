import { expect, test } from 'vitest'
import {
  GATHER_SEEN_MS,
  Presence,
  SEEN_MEMBERS,
  SEEN_MS,
  TELL_MS,
  TYPING_MS,
} from '../../../src/core/rooms/presence.js'
import { foldName } from '../../../src/core/rooms/message.js'
import { TimerWheel } from '../../../src/core/rooms/timer-wheel.js'
import { FakeClock } from '../../support/clock.js'

function createMembers() {
  const clock = new FakeClock()
  const timers = new TimerWheel(clock)
  const members = new Presence(clock, timers)
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
