// A chat on a clock that a test holds, and short forms of what tests do most.

import { Chat } from '../../src/core/chat.js'
import { ChatError, type Code } from '../../src/core/errors.js'
import type { ConnectionLimit, Rates } from '../../src/core/people/limits.js'
import type { Session } from '../../src/core/people/sessions.js'
import type { Files } from '../../src/core/rooms/file.js'
import type { Message } from '../../src/core/rooms/message.js'
import { Room } from '../../src/core/rooms/room.js'
import type { Store } from '../../src/core/rooms/store.js'
import { Scheduler } from '../../src/core/rooms/scheduler.js'
import { TimerWheel } from '../../src/core/rooms/timer-wheel.js'
import { memoryStore } from '../../src/stores/memory.js'
import { FakeClock } from './clock.js'
import { fixedRandom } from './random.js'

export type ChatFixture = { readonly chat: Chat; readonly clock: FakeClock; readonly store: Store }

export type ChatSizes = {
  readonly ring?: number
  readonly rooms?: number
  readonly bytes?: number
  readonly keepMs?: number
  readonly sessions?: number
  readonly rates?: Rates
  readonly connectionLimit?: ConnectionLimit
  readonly files?: Files
  readonly editMs?: number | undefined
}

export function createChat(
  {
    ring = 500,
    rooms = 1000,
    bytes = 1e9,
    keepMs,
    sessions = 1000,
    rates,
    connectionLimit,
    files,
    editMs,
  }: ChatSizes = {},
  kept?: Store,
): ChatFixture {
  const clock = new FakeClock()
  const random = fixedRandom()
  const store = kept ?? memoryStore(ring, random)
  const chat = new Chat({
    store,
    clock,
    random,
    ringSize: ring,
    keepMs,
    limits: { rooms, bytes, sessions },
    rates,
    connectionLimit,
    files,
    editMs,
  })
  return { chat, clock, store }
}

export async function join(chat: Chat, username: string, room = 'lobby'): Promise<Session> {
  return (await chat.join({ room, username })).session
}

/** A moderator, in a room apart. */
export async function moderator(chat: Chat): Promise<Session> {
  const session = await join(chat, 'teacher', 'staff')
  await chat.moderation.appoint(session)
  return session
}

/** What the log of a room says, and who says it. */
export async function texts(chat: Chat, room = 'lobby'): Promise<string[]> {
  const { messages } = await chat.history(room, { limit: 500 })
  return messages.map(({ username, text }) => `${username} ${text}`)
}

/** A room by itself, which a test fills by `deliver`. */
export function createRoom(ringSize = 500, name = 'lobby'): { room: Room; clock: FakeClock; timers: TimerWheel } {
  const clock = new FakeClock()
  const timers = new TimerWheel(clock)
  return { room: new Room(name, { clock, timers, scheduler: new Scheduler(clock), ringSize }), clock, timers }
}

export function message(id: number, parts: Partial<Message> = {}): Message {
  return {
    id,
    room: 'lobby',
    type: 'chat',
    username: 'ada',
    text: `text ${id}`,
    timestamp: 1_763_635_200_000,
    ...parts,
  }
}

/** Delivers the messages from..to of a log. */
export function fill(room: Room, from: number, to: number, epoch = 'epoch001'): void {
  for (let id = from; id <= to; id++) room.deliver(message(id, { room: room.name }), epoch)
}

/** The code with which something says no. Fails when it does not. */
export async function codeOf(call: () => unknown): Promise<Code> {
  try {
    await call()
  } catch (error) {
    if (error instanceof ChatError) return error.code
    throw error
  }
  throw new Error('nothing was refused')
}
