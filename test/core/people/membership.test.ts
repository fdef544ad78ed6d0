// Membership: that a name is taken and given back whatever goes wrong, and what the room is told of it.

import { describe, expect, test } from 'vitest'
import { ChatError } from '../../../src/core/errors.js'
import type { Identity } from '../../../src/core/people/identity.js'
import { NO_LIMITS } from '../../../src/core/people/limits.js'
import type { Store } from '../../../src/core/rooms/store.js'
import { memoryStore } from '../../../src/stores/memory.js'
import { codeOf, createChat, join, texts } from '../../support/chat.js'
import { fixedRandom } from '../../support/random.js'
import { createTwo, known } from '../../support/shared-people.js'

const room = 'lobby'
const identity: Identity = { subject: 'u1', username: 'ada', rooms: undefined, until: Infinity }

/** A store that a test breaks. */
function breakable(): Store & { error: Error | undefined } {
  const store = memoryStore(500, fixedRandom())
  return {
    ...store,
    error: undefined,
    append(name, draft) {
      if (this.error !== undefined) throw this.error
      return store.append(name, draft)
    },
  }
}

describe('a join', () => {
  test('of a room that the session is in goes on at the newest message, and takes a token of its address', async () => {
    const { chat } = createChat({ rates: { ...NO_LIMITS, joins: { perSecond: 0.001, burst: 2 } } })
    const address = '192.0.2.1'
    const { session, epoch } = await chat.join({ room, username: 'ada', address })
    await chat.send({ room, session, text: 'hi' })
    const again = await chat.join({ room, session, address })
    expect(again).toMatchObject({ session, id: 2, epoch })
    expect(await codeOf(() => chat.join({ room, session, address }))).toBe('rate_limited')
    expect(await texts(chat)).toEqual(['ada joined', 'ada hi'])
  })

  test('is for the rooms of an identity, as long as it is good, also with a session that has it', async () => {
    const { chat, clock } = createChat()
    const narrow = { ...identity, rooms: new Set([room]), until: clock.date() + 1 }
    const { session } = await chat.join({ room, identity: narrow })
    expect(session.identity).toBe(narrow)
    expect(await codeOf(() => chat.join({ room: 'den', identity: narrow }))).toBe('forbidden')
    expect(await codeOf(() => chat.join({ room: 'den', session }))).toBe('forbidden')
    clock.advance(1)
    expect(await codeOf(() => chat.join({ room, session }))).toBe('unauthorized')
    expect(chat.rooms.get('den')).toBeUndefined()
  })

  test('of a room that was joined elsewhere is not told again, even where the news are lost', async () => {
    const { people, one, other } = createTwo()
    await other.rooms.open('den')
    const ada = await join(one, 'ada')
    const there = await known(other, ada)
    people.losesNews = true
    await one.join({ room: 'den', session: ada })
    expect(await other.join({ room: 'den', session: there })).toMatchObject({ session: there, id: 1 })
    expect(await texts(other, 'den')).toEqual(['ada joined'])
  })

  test('that the room cannot be told of leaves no name, no session and no room behind', async () => {
    const store = breakable()
    const { chat, clock } = createChat({}, store)
    store.error = new ChatError('full', 'no room')
    expect(await codeOf(() => join(chat, 'ada'))).toBe('full')
    clock.settle()
    expect([chat.sessions.size, chat.rooms.get(room), chat.timers.size]).toEqual([0, undefined, 0])
    store.error = undefined
    await join(chat, 'ada')
  })

  test('that the room cannot be told of leaves the session in the rooms that it had', async () => {
    const store = breakable()
    const { chat } = createChat({}, store)
    const ada = await join(chat, 'ada')
    store.error = new ChatError('full', 'no room')
    expect(await codeOf(() => chat.join({ room: 'den', session: ada }))).toBe('full')
    store.error = undefined
    expect([...ada.rooms].map(({ name }) => name)).toEqual([room])
    expect(chat.sessions.get(ada.token)).toBe(ada)
    await chat.send({ room, session: ada, text: 'hi' })
    await join(chat, 'ada', 'den')
  })

  test('beyond the rate of notes is shown, and not told; neither is the leaving', async () => {
    const { chat } = createChat({ rates: { ...NO_LIMITS, notes: { perSecond: 0.001, burst: 1 } } })
    await join(chat, 'ada')
    const { session, id } = await chat.join({ room, username: 'bob' })
    expect([id, chat.rooms.get(room)?.presence.members]).toEqual([1, ['ada', 'bob']])
    await chat.leave(session, room)
    expect([await texts(chat), chat.rooms.get(room)?.presence.members]).toEqual([['ada joined'], ['ada']])
  })

  test('of a new room beyond the rate of notes leaves no room when its person has left', async () => {
    const { chat, clock } = createChat({ rates: { ...NO_LIMITS, notes: { perSecond: 0.001, burst: 0 } } })
    const ada = await join(chat, 'ada')
    clock.settle()
    expect(chat.rooms.get(room)?.presence.members).toEqual(['ada'])
    await chat.leave(ada, room)
    clock.settle()
    expect(chat.rooms.get(room)).toBeUndefined()
  })
})

describe('a person who comes back', () => {
  test('gets the session that there is, where that is asked for', async () => {
    const { chat } = createChat()
    const { session } = await chat.join({ room, identity, resumes: true })
    expect(await codeOf(() => chat.join({ room, identity }))).toBe('name_taken')
    const other = { ...identity, subject: 'u2' }
    expect(await codeOf(() => chat.join({ room, identity: other, resumes: true }))).toBe('name_taken')
    const newer = { ...identity, until: 9e15 }
    expect(await chat.join({ room, identity: newer, resumes: true })).toMatchObject({ session, id: 1 })
    expect([session.identity, chat.sessions.size, await texts(chat)]).toEqual([newer, 1, ['ada joined']])
  })

  test('through another process gets the same session, which has the newer identity in both', async () => {
    const { one, other } = createTwo()
    const { session } = await one.join({ room, identity, resumes: true })
    const newer = { ...identity, until: 9e15 }
    const back = await other.join({ room, identity: newer, resumes: true })
    expect([back.session.token, back.id]).toEqual([session.token, 1])
    await one.sessions.refresh(session)
    expect(session.identity).toEqual(newer)
    expect(await texts(one)).toEqual(['ada joined'])
  })

  test('has a name that is free again before the room has been told', async () => {
    const { clock, one, other } = createTwo()
    await one.join({ room, identity })
    await other.rooms.open(room)
    clock.stall(60_000)
    const { session } = await other.join({ room, username: 'Ada' })
    expect(session.username).toBe('Ada')
    expect(await texts(other)).toEqual(['ada joined', 'ada left', 'Ada joined'])
  })
})

describe('leaving', () => {
  test('is told once, and not where another process has told it', async () => {
    const { people, one, other } = createTwo()
    const ada = await join(one, 'ada')
    const there = await known(other, ada)
    await other.rooms.open(room)
    people.losesNews = true
    await one.leave(ada, room)
    await other.leave(there, room)
    expect([await texts(one), ada.rooms.size, there.rooms.size]).toEqual([['ada joined', 'ada left'], 0, 0])
  })

  test('all rooms is leaving those too that were joined elsewhere', async () => {
    const { one, other } = createTwo()
    const ada = await join(one, 'ada')
    const there = await known(other, ada)
    await one.join({ room: 'den', session: ada })
    await other.leaveAll(there)
    expect([await texts(one), await texts(one, 'den')]).toEqual([
      ['ada joined', 'ada left'],
      ['ada joined', 'ada left'],
    ])
    await other.leaveAll(there)
    for (const name of [room, 'den']) await join(one, 'ada', name)
  })

  test('all rooms is an error where a name could not be given back, and none where it was not held', async () => {
    const { people, one, other } = createTwo()
    const ada = await join(one, 'ada')
    const there = await known(other, ada)
    await other.rooms.open(room)
    const left = codeOf(() => one.leaveAll(ada))
    people.isHere = false
    expect(await left).toBe('unavailable')
    people.isHere = true
    await Promise.all([one.leaveAll(ada), other.leaveAll(there)])
    expect(await texts(one)).toEqual(['ada joined', 'ada left'])
  })

  test('is told also where the directory goes as the name has been given back', async () => {
    const { people, one, other } = createTwo()
    const ada = await join(one, 'ada')
    await join(other, 'bob')
    const left = one.leave(ada, room)
    people.isHere = false
    await left
    people.isHere = true
    expect(await texts(other)).toEqual(['ada joined', 'bob joined', 'ada left'])
    await join(other, 'ada')
  })

  test('is done even where the store cannot keep that; what is broken is told', async () => {
    const store = breakable()
    const { chat } = createChat({}, store)
    const [ada, bob] = [await join(chat, 'ada'), await join(chat, 'bob')]
    store.error = new ChatError('full', 'no room')
    await chat.leave(ada, room)
    store.error = new Error('broken')
    await expect(chat.leave(bob, room)).rejects.toThrow('broken')
    expect(chat.rooms.get(room)?.presence.members).toEqual([])
  })

  test('with the connection frees the names here even while the directory is away', async () => {
    const { people, one } = createTwo()
    const ada = await join(one, 'ada')
    await one.join({ room: 'den', session: ada })
    people.isHere = false
    await one.end(ada)
    expect([ada.rooms.size, one.sessions.size]).toEqual([0, 0])
    expect([one.rooms.get(room)?.presence.size, one.rooms.get('den')?.presence.size]).toEqual([0, 0])
    people.isHere = true
  })

  test('with the connection ends the session in every process', async () => {
    const { one, other } = createTwo()
    const ada = await join(one, 'ada')
    await one.end(ada)
    await other.sessions.reach(ada.token)
    expect(other.sessions.has(ada.token)).toBe(false)
    await join(other, 'ada')
  })
})

describe('a join that failed where processes share their people', () => {
  async function failing() {
    const { one, other } = createTwo()
    const stop = one.onPublish(() => {
      throw new Error('broken')
    })
    return { one, other, stop }
  }

  test('gives its name back in every process, and its session is nobody’s', async () => {
    const { one, other, stop } = await failing()
    const lobby = await one.rooms.open(room)
    await expect(join(one, 'ada')).rejects.toThrow('broken')
    stop()
    expect([lobby.presence.size, one.sessions.size]).toEqual([0, 0])
    await other.sessions.reach('token-1')
    expect(other.sessions.has('token-1')).toBe(false)
    await join(other, 'ada')
  })

  test('leaves a session that was there before to every process', async () => {
    const { one, other, stop } = await failing()
    const ada = await join(other, 'ada')
    const there = await known(one, ada)
    await expect(one.join({ room: 'den', session: there })).rejects.toThrow('broken')
    stop()
    expect([...there.rooms]).toEqual([])
    await other.sessions.refresh(ada)
    other.sessions.close(ada)
    expect((await known(other, ada)).username).toBe('ada')
    await join(other, 'ada', 'den')
  })
})
