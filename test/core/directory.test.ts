// What a chat tells a directory, and what it does with what a directory says. Real ones: test/directory.

import { expect, test } from 'vitest'
import { Chat } from '../../src/core/chat.js'
import type { Directory, Process, RoomListener } from '../../src/core/people/directory.js'
import { NO_LIMITS } from '../../src/core/people/limits.js'
import { memoryStore } from '../../src/stores/memory.js'
import { codeOf, createChat } from '../support/chat.js'
import { FakeClock } from '../support/clock.js'
import { fixedRandom } from '../support/random.js'

const room = 'lobby'

/** A chat whose directory has nobody else to tell of; `told`: what the chat told it. */
function createShared() {
  const told: string[] = []
  const listeners = new Map<string, RoomListener>()
  const moderators = new Set<string>()
  let process: Process | undefined
  const note = (what: string) => Promise.resolve(void told.push(what))
  const directory: Directory = {
    begin: (given) => (process = given),
    find: async (token) => {
      const { address, username, identity } = process?.session(token) ?? expect.unreachable('it is known')
      return { token, username, address, identity, moderates: moderators.has(token), rooms: [room] }
    },
    update: ({ username }) => note(`update ${username}`),
    end: ({ username }) => note(`end ${username}`),
    claim: () => Promise.resolve({ place: 1, isNew: true }),
    release: () => Promise.resolve(true),
    isHeld: () => Promise.resolve(false),
    follow: async (name, listener) => {
      listeners.set(name, listener)
      return () => listeners.delete(name)
    },
    catchUp: () => Promise.resolve(),
    typing: (name, { username }, typing) => void note(`${username} ${typing ? 'types' : 'types no more'} in ${name}`),
    mute: () => Promise.resolve(),
    setClosed: () => Promise.resolve(),
    setSlow: () => Promise.resolve(),
    setHand: () => Promise.resolve(),
    count: ({ what, of }) => void note(`count ${what} ${of}`),
    wrote: () => undefined,
    authorOf: () => Promise.resolve(undefined),
    ready: () => true,
    close: () => note('close'),
  }
  const clock = new FakeClock()
  const random = fixedRandom()
  const person = { perSecond: 1, burst: 3 }
  const rates = { ...NO_LIMITS, person, notes: person }
  const limits = { rooms: 100, bytes: 1e9, sessions: 100 }
  const store = memoryStore(500, random)
  const chat = new Chat({ store, directory, clock, random, ringSize: 500, limits, rates })
  return { chat, clock, told, listeners, moderators, process: () => process ?? expect.unreachable('it did not begin') }
}

test('with a directory a process is not alone: it knows of the people that others have', async () => {
  const { chat, listeners } = createShared()
  expect([chat.isAlone, createChat().chat.isAlone]).toEqual([false, true])
  expect((await chat.members(room)).members).toEqual([])
  await chat.join({ room, username: 'ada' })
  const member = { username: 'bob', fold: 'bob', token: 't', place: 7 }
  listeners.get(room)?.held(member)
  listeners.get(room)?.typing(member, true)
  expect(chat.rooms.get(room)?.presence.state.presence).toEqual({ members: ['ada', 'bob'], typing: ['bob'] })
  await chat.close()
  expect(listeners.size).toBe(0)
})

test('the room is told of a member whose session ran out elsewhere', async () => {
  const { chat, listeners } = createShared()
  await chat.send({ room, username: 'ada', text: 'hi' })
  listeners.get(room)?.expired({ username: 'bob', fold: 'bob', token: 't', place: 7 })
  for (let i = 0; i < 9; i++) await Promise.resolve()
  expect(chat.rooms.get(room)?.entry(2)?.message).toMatchObject({ type: 'leave', username: 'bob' })
})

test('the directory may ask for the sessions that are here', async () => {
  const { chat, process } = createShared()
  const { session } = await chat.join({ room, username: 'ada' })
  expect([process().session(session.token), process().session('x'.repeat(22))]).toEqual([session, undefined])
  expect([...process().sessions()]).toEqual([session])
})

test('a message ends typing in every process, and another type of entry does not', async () => {
  const { chat, told } = createShared()
  const { session } = await chat.join({ room, username: 'ada' })
  await chat.typing(session, room, true)
  await chat.send({ room, session, text: 'hi' })
  expect(told.filter((what) => what.includes('types'))).toEqual(['ada types in lobby', 'ada types no more in lobby'])
})

test('what people do counts in every process', async () => {
  const { chat, told, process } = createShared()
  const { session } = await chat.join({ room, username: 'ada' })
  await chat.send({ room, session, text: 'hi' })
  expect(told).toEqual(expect.arrayContaining([`count note ${room}`, `count said ${session.token}`]))
  process().counted({ what: 'typed', of: session.token }, 3)
  expect(await codeOf(() => chat.typing(session, room, true))).toBe('rate_limited')
  expect((await chat.send({ room, session, text: 'hi' })).message.text).toBe('hi')
  process().counted({ what: 'said', of: session.token }, 3)
  expect(await codeOf(() => chat.send({ room, session, text: 'hi' }))).toBe('rate_limited')
  for (const what of ['said', 'typed', 'note'] as const) process().counted({ what, of: 'unknown' }, 1)
})

test('notes of coming and going that another process has made count here', async () => {
  const { chat, process } = createShared()
  await chat.send({ room, username: 'ada', text: 'hi' })
  process().counted({ what: 'note', of: room }, 3)
  await chat.join({ room, username: 'bob' })
  expect(chat.rooms.get(room)?.last).toBe(1)
})

test('a session that another process has made a moderator’s removes what others said', async () => {
  const { chat, moderators } = createShared()
  const { message } = await chat.send({ room, username: 'bob', text: 'a rude word' })
  const { session } = await chat.join({ room, username: 'ada' })
  expect(await codeOf(() => chat.remove(session, room, message.id))).toBe('forbidden')
  moderators.add(session.token)
  expect((await chat.remove(session, room, message.id)).message).toMatchObject({ type: 'delete', of: message.id })
})

test('a chat that ends lets its directory end', async () => {
  const { chat, told } = createShared()
  await chat.close()
  expect(told).toEqual(['close'])
})
