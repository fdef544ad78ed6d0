// Names: under which one a person speaks, and who holds it.

import { describe, expect, test } from 'vitest'
import type { Identity } from '../../../src/core/people/identity.js'
import {
  nameFor,
  ownSession,
  refuseHeldName,
  releaseName,
  requireJoined,
  takeName,
} from '../../../src/core/people/names.js'
import { codeOf, createChat } from '../../support/chat.js'

const room = 'lobby'
const identity: Identity = { subject: 'u1', username: 'Ada L', rooms: undefined, until: Infinity }

describe('a person speaks', () => {
  test('under any good name without a session', async () => {
    expect(nameFor(undefined, 'ada')).toBe('ada')
    expect(await codeOf(() => nameFor(undefined, undefined))).toBe('bad_request')
    expect(await codeOf(() => nameFor(undefined, '[a]'))).toBe('bad_request')
  })

  test('under the name of the session, and no other', async () => {
    const { session } = await createChat().chat.join({ room, username: 'Ada' })
    expect([nameFor(session, undefined), nameFor(session, 'Ada')]).toEqual(['Ada', 'Ada'])
    expect(await codeOf(() => nameFor(session, 'bob'))).toBe('bad_request')
    expect(await codeOf(() => nameFor(session, 'ada'))).toBe('bad_request')
  })

  test('under the name of the identity, however it is written', async () => {
    expect([nameFor(identity, undefined), nameFor(identity, 'ada_l')]).toEqual(['Ada L', 'Ada L'])
    expect(await codeOf(() => nameFor(identity, 'bob'))).toBe('bad_request')
  })
})

describe('a name in a room', () => {
  test('is held from taking to releasing it', async () => {
    const { chat } = createChat()
    const { session, room: lobby } = await chat.join({ room, username: 'Ada' })
    expect(await codeOf(() => refuseHeldName(lobby, 'ADA'))).toBe('name_taken')
    expect([requireJoined(session, lobby), session.rooms.has(lobby)]).toEqual([lobby, true])
    releaseName(session, lobby)
    refuseHeldName(lobby, 'ada')
    expect([session.rooms.size, lobby.presence.size]).toEqual([0, 0])
    expect(await codeOf(() => requireJoined(session, lobby))).toBe('not_joined')
    expect(await codeOf(() => requireJoined(session, undefined))).toBe('not_joined')
    takeName(session, lobby, 7)
    expect([...session.rooms]).toEqual([lobby])
    expect(requireJoined(session, lobby)).toBe(lobby)
  })

  test('is given back to the same person alone, who has the newer identity then', async () => {
    const { chat } = createChat()
    const { session, room: lobby } = await chat.join({ room, identity })
    const find = (who: Identity | undefined, name = 'Ada L') => ownSession(chat.sessions, lobby, name, who)
    expect(find(undefined)).toBeUndefined()
    expect(find({ ...identity, subject: 'u2' })).toBeUndefined()
    expect(find(identity, 'bob')).toBeUndefined()
    expect(session.identity).toBe(identity)
    const newer = { ...identity, until: 5 }
    expect(find(newer)).toBe(session)
    expect(session.identity).toBe(newer)
  })

  test('of a person without an identity is given to nobody with one', async () => {
    const { chat } = createChat()
    const { session, room: lobby } = await chat.join({ room, username: 'Ada L' })
    expect(ownSession(chat.sessions, lobby, 'Ada L', identity)).toBeUndefined()
    expect(session.identity).toBeUndefined()
  })
})
