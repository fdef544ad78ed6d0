import { describe, expect, test } from 'vitest'
import { NO_EPOCH, parseSince } from '../../../src/core/rooms/cursor.js'
import { ChatError } from '../../../src/core/errors.js'
import type { Chat } from '../../../src/core/chat.js'
import type { Message } from '../../../src/core/rooms/message.js'
import { type RoomLimits, Rooms, type RoomsParts } from '../../../src/core/rooms/rooms.js'
import { Scheduler } from '../../../src/core/rooms/scheduler.js'
import type { Deliver, Store, Subscription } from '../../../src/core/rooms/store.js'
import { TimerWheel } from '../../../src/core/rooms/timer-wheel.js'
import { memoryStore } from '../../../src/stores/memory.js'
import { codeOf, createChat, message } from '../../support/chat.js'
import { FakeClock } from '../../support/clock.js'
import { fixedRandom } from '../../support/random.js'

const say = (chat: Chat, room: string, text = 'hi') => chat.send({ room, username: 'ada', text })

describe('a room that is opened', () => {
  test('for a reader alone is gone with the last one, and is none of the rooms', async () => {
    const { chat, clock } = createChat()
    const room = await chat.rooms.open('lobby')
    const leave = room.park({ epoch: undefined, id: 0 }, () => undefined)
    chat.rooms.settle(room)
    clock.settle()
    expect([[...chat.rooms].length, [...chat.rooms.all()].length]).toEqual([0, 1])
    leave?.()
    chat.rooms.settle(room)
    clock.settle()
    expect([...chat.rooms.all()]).toEqual([])
  })

  test('is opened once, however many open it at the same moment', async () => {
    const { chat } = createChat()
    const [one, other] = await Promise.all([chat.rooms.open('lobby'), chat.rooms.open('lobby')])
    expect(one).toBe(other)
    expect(await chat.rooms.open('lobby')).toBe(one)
  })

  test('stays when somebody speaks in it before it could be forgotten', async () => {
    const { chat, clock } = createChat()
    const room = await chat.rooms.open('lobby')
    chat.rooms.settle(room)
    await say(chat, 'lobby')
    clock.settle()
    expect(chat.rooms.get('lobby')).toBe(room)
    expect([chat.rooms.size, [...chat.rooms].map((one) => one.name)]).toEqual([1, ['lobby']])
  })
})

describe('when there are too many', () => {
  test('the one that has been quiet longest goes, and comes back with a new epoch and from 1', async () => {
    const { chat } = createChat({ rooms: 2 })
    const before = (await say(chat, 'a')).room.epoch
    await say(chat, 'b')
    await say(chat, 'a')
    await say(chat, 'c')
    expect([...chat.rooms].map((room) => room.name)).toEqual(['a', 'c'])
    expect((await chat.history('b', { limit: 10 })).last).toBe(0)
    const { room, message } = await say(chat, 'b')
    expect([room.epoch === before, message.id, [...chat.rooms].map((one) => one.name)]).toEqual([false, 1, ['c', 'b']])
  })

  test('a reader with a cursor of a room that went is told of a restart', async () => {
    const { chat } = createChat({ rooms: 1 })
    const { room } = await say(chat, 'a')
    await say(chat, 'b')
    const again = (await say(chat, 'a')).room
    expect(again.epoch).not.toBe(room.epoch)
    expect(again.read({ epoch: room.epoch, id: 1 }, 500).gap).toMatchObject({
      reason: 'restart',
      missed: null,
      first: 1,
    })
  })

  test('a room in which somebody is stays, and where all are such the next message is refused', async () => {
    const { chat, clock } = createChat({ rooms: 2 })
    await chat.join({ room: 'a', username: 'ada' })
    const { room } = await say(chat, 'b')
    const leave = room.hold()
    expect(await codeOf(() => say(chat, 'c'))).toBe('full')
    expect(await codeOf(() => chat.join({ room: 'c', username: 'bob' }))).toBe('full')
    clock.settle()
    expect([[...chat.rooms.all()].map((one) => one.name), chat.sessions.size]).toEqual([['a', 'b'], 1])
    expect((await say(chat, 'b')).message.id).toBe(2)
    clock.settle()
    leave()
    expect((await say(chat, 'c')).message.id).toBe(1)
  })

  test('a room in which readers only wait goes after the others, and its readers are answered', async () => {
    const { chat, clock } = createChat({ rooms: 2 })
    const { room } = await say(chat, 'a')
    let told = ''
    room.park({ epoch: room.epoch, id: 1 }, () => (told += 'poll '))
    room.enter({ cut: () => void (told += 'stream ') })
    await say(chat, 'b')
    await say(chat, 'c')
    expect([...chat.rooms].map(({ name }) => name)).toEqual(['a', 'c'])
    await chat.join({ room: 'c', username: 'ada' })
    await say(chat, 'd')
    clock.settle()
    expect([[...chat.rooms].map(({ name }) => name), told]).toEqual([['c', 'd'], 'stream poll '])
  })

  test.for([8, 3])('readers of %d kept rooms at a time leave room for those of one', async (size) => {
    const { chat, store } = createChat({ rooms: 10 })
    const names = Array.from({ length: 40 }, (_, i) => `kept-${i}`)
    for (const room of [...names, 'lobby']) {
      await store.subscribe(room, () => undefined)
      await store.append(room, message(1, { room }))
    }
    const since = parseSince(undefined, [])
    const many = [0, 1, 2, 3].map((i) => chat.rooms.openAll(names.slice(i * size, (i + 1) * size), since, () => 'here'))
    const [one, ...others] = await Promise.allSettled([
      chat.rooms.openAll(['lobby'], since, ([room]) => room?.last),
      ...many,
    ])
    expect(one).toEqual({ status: 'fulfilled', value: 1 })
    expect(others.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected'])
  })

  test('a thousand rooms with a message each do not push out one where people talked', async () => {
    const { chat } = createChat({ rooms: 100 })
    for (let i = 0; i < 50; i++) await say(chat, 'lobby')
    for (let i = 0; i < 1000; i++) await say(chat, `room-${i}`)
    expect([chat.rooms.size, chat.rooms.get('lobby')?.last]).toEqual([100, 50])
  })

  test.each([
    [1999, 'newer'],
    [2000, 'quiet-0'],
  ])('of %d quieter rooms where people talked so many are compared that %s goes', async (count, gone) => {
    const { chat } = createChat({ rooms: count + 1 })
    for (let i = 0; i < count; i++) for (let said = 0; said < 8; said++) await say(chat, `quiet-${i}`)
    await say(chat, 'newer')
    await say(chat, 'newest')
    const names = new Set([...chat.rooms].map(({ name }) => name))
    expect(['quiet-0', 'newer', 'newest'].filter((name) => !names.has(name))).toEqual([gone])
  })

  test('a room that has been quiet for a day goes like one with little history', async () => {
    const { chat, clock } = createChat({ rooms: 3 })
    for (let i = 0; i < 50; i++) await say(chat, 'yesterday')
    clock.stall(25 * 3_600_000)
    for (let i = 0; i < 50; i++) await say(chat, 'today')
    for (const name of ['a', 'b']) await say(chat, name)
    expect([...chat.rooms].map(({ name }) => name)).toEqual(['today', 'a', 'b'])
  })

  test('an address makes a tenth of the rooms at the most: beyond that its own go, or its message is refused', async () => {
    const { chat } = createChat({ rooms: 500 })
    const make = (room: string, address = 'a') => chat.send({ room, username: 'u', text: 'hi', address })
    await say(chat, 'lobby')
    await make('elsewhere', 'b')
    for (let i = 0; i < 100; i++) await make(`a${i}`)
    expect([chat.rooms.size, chat.rooms.get('a49'), chat.rooms.get('a50')?.last]).toEqual([52, undefined, 1])
    const holds = Array.from({ length: 50 }, (_, i) => chat.rooms.get(`a${i + 50}`)?.hold())
    expect(await codeOf(() => make('one-more'))).toBe('full')
    await make('one-more', 'b')
    await make('a99')
    for (const release of holds) release?.()
    await make('another')
    expect(chat.rooms.size).toBe(53)
  })

  test('rooms of others count for no one who only speaks in them', async () => {
    const { chat } = createChat({ rooms: 100 })
    const names = Array.from({ length: 30 }, (_, i) => `room-${i}`)
    const speak = (room: string, address: string) => chat.send({ room, username: 'u', text: 'hi', address })
    for (const name of names) await speak(name, `maker of ${name}`)
    for (const name of names) await speak(name, 'guest')
    for (let i = 0; i < 20; i++) await speak(`guests-${i}`, 'guest')
    expect(chat.rooms.size).toBe(50)
  })

  test('the memory is taken from an address whose rooms have more than a tenth of it', async () => {
    const { chat } = createChat({ bytes: 1_000_000 })
    for (let i = 0; i < 9; i++) await chat.send({ room: `few-${i}`, username: 'u', text: 'hi', address: `b${i}` })
    for (let i = 0; i < 600; i++)
      await chat.send({ room: `large-${i % 10}`, username: 'u', text: 'x'.repeat(4000), address: 'a' })
    expect([...chat.rooms].filter(({ name }) => name.startsWith('few')).length).toBe(9)
    expect(chat.rooms.bytes).toBeLessThan(1_010_000)
  })

  test('bytes count too, over all rooms', async () => {
    const { chat } = createChat({ bytes: 20_000 })
    for (let i = 0; i < 40; i++) {
      await say(chat, `room-${i}`, 'x'.repeat(500))
      expect(chat.rooms.bytes).toBeLessThan(20_000 + 2000)
    }
    expect([chat.rooms.size > 5, chat.rooms.size < 20]).toEqual([true, true])
    const sum = [...chat.rooms].reduce((bytes, room) => bytes + room.bytes, 0)
    expect(chat.rooms.bytes).toBe(sum)
  })

  test('one room alone that fills the memory is refused more', async () => {
    const { chat } = createChat({ bytes: 5000 })
    await say(chat, 'a', 'x'.repeat(3000))
    expect(await codeOf(() => say(chat, 'a'))).toBe('full')
  })
})

test('after the end nothing is open and nothing is counted', async () => {
  const { chat, clock } = createChat()
  const { session } = await chat.join({ room: 'a', username: 'ada' })
  await say(chat, 'b', 'hi').catch(() => undefined)
  await chat.typing(session, 'a', true)
  await chat.close()
  clock.settle()
  expect([chat.rooms.size, chat.rooms.bytes, chat.sessions.size, chat.timers.size, clock.timers]).toEqual([
    0, 0, 0, 0, 0,
  ])
})

test('rooms that were kept are opened again, the one with the newest message last to go, while there is place', async () => {
  const { chat, store } = createChat({ rooms: 3 })
  for (const room of ['a', 'b', 'c', 'd']) {
    await store.subscribe(room, () => undefined)
    await store.append(room, message(1, { room }))
  }
  await chat.rooms.restore(['d', 'c', 'b', 'a'], () => true)
  expect([...chat.rooms].map(({ name }) => name)).toEqual(['b', 'c', 'd'])
  const other = createChat({}, store).chat
  await other.rooms.restore(['d', 'c'], () => other.rooms.size < 1)
  expect([...other.rooms].map(({ name }) => name)).toEqual(['d'])
})

/** A store on another machine: it takes its time, and the test says when. */
function slowStore() {
  const waits: (() => void)[] = []
  let deliver: Deliver | undefined
  let recent: Message[] = []
  let last = 0
  const step = (): Promise<void> => new Promise((resolve) => waits.push(resolve))
  const store: Store = {
    async append(_room, draft) {
      await step()
      const message = { id: ++last, ...draft }
      deliver?.(message, 'remote01')
      return { message, epoch: 'remote01' }
    },
    async subscribe(_room, call) {
      deliver = call
      await step()
      return {
        recent,
        epoch: recent.length === 0 ? NO_EPOCH : 'remote01',
        close: () => (deliver = undefined),
      }
    },
    read: () => Promise.reject(new ChatError('unavailable', 'the store is away: try again')),
    close: () => Promise.resolve(),
  }
  return {
    store,
    keep: (messages: Message[]) => (recent = messages),
    deliver: (one: Message) => deliver?.(one, 'remote01'),
    async go(): Promise<void> {
      for (let i = 0; i < 20; i++) {
        for (const wake of waits.splice(0)) wake()
        await Promise.resolve()
      }
    },
  }
}

describe('with a store that takes its time', () => {
  test('what is delivered while the past is being read comes behind it, once', async () => {
    const slow = slowStore()
    const { chat } = createChat({}, slow.store)
    slow.keep([message(1), message(2), message(3)])
    const opening = chat.rooms.open('lobby')
    slow.deliver(message(3))
    slow.deliver(message(4))
    await slow.go()
    const room = await opening
    expect(room.slice(1, 9).map((entry) => entry.message.id)).toEqual([1, 2, 3, 4])
    slow.deliver(message(5))
    expect([room.last, room.epoch]).toEqual([5, 'remote01'])
  })

  test('a room with a message on its way is not forgotten when its last reader goes', async () => {
    const slow = slowStore()
    const { chat, clock } = createChat({}, slow.store)
    const opening = chat.rooms.open('lobby')
    await slow.go()
    const room = await opening
    const sending = say(chat, 'lobby')
    chat.rooms.settle(room)
    clock.settle()
    await slow.go()
    expect(chat.rooms.get('lobby')).toBe(room)
    expect([(await sending).epoch, room.last]).toEqual(['remote01', 1])
  })

  test('a store that is away says so, and leaves no room behind', async () => {
    const { chat, clock, store } = createChat()
    const whole = { ...store }
    Object.assign(store, {
      append: () => Promise.reject(new ChatError('unavailable', 'the store is away: try again')),
    })
    expect(await codeOf(() => say(chat, 'lobby'))).toBe('unavailable')
    expect(await codeOf(() => chat.join({ room: 'lobby', username: 'ada' }))).toBe('unavailable')
    clock.settle()
    expect([[...chat.rooms.all()].length, chat.sessions.size, clock.timers]).toEqual([0, 0, 0])
    Object.assign(store, whole)
    expect((await chat.join({ room: 'lobby', username: 'ada' })).id).toBe(1)
  })

  test('a room whose opening failed can be opened again', async () => {
    const { chat, store } = createChat()
    const whole = { ...store }
    Object.assign(store, {
      subscribe: () => Promise.reject(new ChatError('unavailable', 'the store is away: try again')),
    })
    expect(await codeOf(() => chat.rooms.open('lobby'))).toBe('unavailable')
    Object.assign(store, whole)
    expect((await say(chat, 'lobby')).message.id).toBe(1)
  })
})

describe('a room that other processes write to', () => {
  test('asks for what a cursor speaks of and it has not been told, and for nothing else', async () => {
    let deliver: Deliver = () => undefined
    let asked = 0
    const store: Store = {
      ...memoryStore(500, fixedRandom()),
      async subscribe(_room, call) {
        deliver = call
        return { recent: [], epoch: NO_EPOCH, close: () => undefined }
      },
      async catchUp() {
        asked++
        deliver(message(1), 'epoch001')
      },
    }
    const { chat } = createChat({}, store)
    const room = await chat.rooms.open('lobby')
    await chat.rooms.reach([room], parseSince('00000000.0', ['lobby']))
    expect(asked).toBe(0)
    for (let i = 0; i < 2; i++) await chat.rooms.reach([room], parseSince('epoch001.1', ['lobby']))
    expect([asked, room.last, room.epoch]).toEqual([1, 1, 'epoch001'])
  })

  test('is empty, and tells who waits, when its log is lost', async () => {
    let restart: ((epoch: string) => void) | undefined
    const store: Store = {
      ...memoryStore(500, fixedRandom()),
      async subscribe(_room, _deliver, lost) {
        restart = lost
        return { recent: [message(1)], epoch: 'epoch001', close: () => undefined }
      },
    }
    const { chat, clock } = createChat({}, store)
    const room = await chat.rooms.open('lobby')
    let woken = 0
    room.park({ epoch: 'epoch001', id: 1 }, () => woken++)
    restart?.('epoch002')
    clock.settle()
    expect([woken, room.last, room.epoch, room.bytes]).toEqual([1, 0, 'epoch002', 0])
    expect(room.read({ epoch: 'epoch001', id: 1 }, 9).gap).toMatchObject({ reason: 'restart', first: 0 })
  })
})

/** Rooms by themselves. */
function roomsOver(store: Store, parts: Partial<RoomsParts> = {}, limits: Partial<RoomLimits> = {}) {
  const clock = new FakeClock()
  const timers = new TimerWheel(clock)
  const all = { clock, timers, scheduler: new Scheduler(clock), ringSize: 500, ...parts }
  return { clock, store, rooms: new Rooms(store, all, { rooms: 10, bytes: 1e9, ...limits }) }
}

/** Rooms over a store that has kept something of each; `closed`: which of them are closed again. */
function createKept(kept: (name: string) => Partial<Subscription>, parts: Partial<RoomsParts> = {}, bytes = 1e9) {
  const closed: string[] = []
  const store: Store = {
    ...memoryStore(500, fixedRandom()),
    subscribe: async (name) => ({ recent: [], epoch: 'epoch001', close: () => void closed.push(name), ...kept(name) }),
  }
  return { ...roomsOver(store, parts, { bytes }), closed }
}

describe('a room that a store has kept', () => {
  test('without a message left goes on with its ids, and one that never had a message begins a log', async () => {
    const { rooms } = createKept((name) => (name === 'lobby' ? { last: 7 } : { epoch: NO_EPOCH }))
    const room = await rooms.open('lobby')
    expect([room.first, room.last, room.epoch, room.hasLog]).toEqual([8, 7, 'epoch001', true])
    const other = await rooms.open('den')
    expect([other.first, other.last, other.hasLog, rooms.size]).toEqual([0, 0, false, 1])
  })

  test('lets go at once of what has expired meanwhile, and so does the store', async () => {
    const now = new FakeClock().date()
    const recent = [1, 2, 3].map((id) => message(id, { timestamp: now - 60_000 + 1000 * id }))
    const { rooms, store } = createKept((name) => (name === 'lobby' ? { recent } : {}), { keepMs: 58_500 })
    const expired: unknown[] = []
    store.expire = (...told) => expired.push(told)
    await rooms.open('den')
    const room = await rooms.open('lobby')
    expect([room.first, room.last, expired]).toEqual([2, 3, [['lobby', 2]]])
    expect(rooms.bytes).toBe(room.bytes)
  })

  test('that does not fit beside people is closed again, and asked to come later', async () => {
    const recent = [1, 2, 3].map((id) => message(id, { text: 'x'.repeat(1000) }))
    const { rooms, closed } = createKept(() => ({ recent }), {}, 10_000)
    const room = await rooms.open('lobby')
    room.hold()
    const { bytes } = rooms
    expect(await codeOf(() => rooms.open('den'))).toBe('unavailable')
    expect([closed, rooms.size, rooms.bytes, rooms.get('den')]).toEqual([['den'], 1, bytes, undefined])
  })

  test('that is larger than the memory is open all the same where it is alone', async () => {
    const recent = [1, 2, 3].map((id) => message(id, { text: 'x'.repeat(1000) }))
    const { rooms } = createKept(() => ({ recent }), {}, 100)
    expect((await rooms.open('lobby')).last).toBe(3)
  })
})

describe('the people of a room', () => {
  test('are followed as long as the room is here', async () => {
    const followed: string[] = []
    const follow: RoomsParts['follow'] = async ({ name }) => {
      followed.push(name)
      return () => void followed.push(`no more ${name}`)
    }
    const { rooms, closed, clock } = createKept(() => ({ epoch: NO_EPOCH }), { follow })
    rooms.settle(await rooms.open('lobby'))
    expect(followed).toEqual(['lobby'])
    clock.settle()
    expect([followed, closed]).toEqual([['lobby', 'no more lobby'], ['lobby']])
  })

  test('that cannot be followed keep the room closed, and nothing is left of it', async () => {
    const follow = () => Promise.reject(new ChatError('unavailable', 'the directory is away: try again'))
    const { rooms, closed } = createKept(() => ({}), { follow })
    expect(await codeOf(() => rooms.open('lobby'))).toBe('unavailable')
    expect([closed, [...rooms.all()]]).toEqual([['lobby'], []])
  })
})

describe('a cursor', () => {
  const isBehind = async (cursor: string, parts: Partial<Store> = { catchUp: () => Promise.resolve() }) => {
    const { rooms, store } = createKept(() => ({ recent: [message(1), message(2)] }))
    Object.assign(store, parts)
    return rooms.isBehind(await rooms.open('lobby'), parseSince(cursor, ['lobby']))
  }

  test.each(['epoch001.3', 'epoch002.1', 'epoch002.2'])(
    'such as %s knows of more than this process',
    async (cursor) => {
      expect(await isBehind(cursor)).toBe(true)
      expect(await isBehind(cursor, {})).toBe(false)
    },
  )

  test.each(['epoch001.2', 'epoch001.1', 'epoch002.0', '0', '1', 'now'])('such as %s does not', async (cursor) => {
    expect(await isBehind(cursor)).toBe(false)
  })

  test('of other rooms says nothing', async () => {
    const { rooms, store } = createKept(() => ({ recent: [message(1)] }))
    store.catchUp = () => Promise.resolve()
    expect(rooms.isBehind(await rooms.open('lobby'), parseSince('den.epoch001.9', ['den']))).toBe(false)
  })
})

test('rooms that cannot all be opened for a reader are not kept for it', async () => {
  const { rooms, store, clock } = createKept(() => ({ epoch: NO_EPOCH }))
  const since = parseSince(undefined, [])
  const use = (opened: readonly unknown[]): number => opened.length
  expect(await rooms.openAll(['lobby', 'den'], since, use)).toBe(2)
  clock.settle()
  expect([...rooms.all()]).toEqual([])
  const subscribe = store.subscribe.bind(store)
  store.subscribe = (name, ...rest) =>
    name === 'den' ? Promise.reject(new ChatError('unavailable', 'away')) : subscribe(name, ...rest)
  expect(await codeOf(() => rooms.openAll(['lobby', 'den'], since, use))).toBe('unavailable')
  clock.settle()
  expect([[...rooms.all()], rooms.size]).toEqual([[], 0])
})

test('a room that a reader is still opening others beside does not go meanwhile', async () => {
  const { rooms, store, clock } = createKept(() => ({ epoch: NO_EPOCH }))
  const subscribe = store.subscribe.bind(store)
  let goOn: () => void = () => undefined
  const wait = new Promise<void>((resolve) => (goOn = resolve))
  store.subscribe = async (name, ...rest) => {
    if (name === 'den') await wait
    return subscribe(name, ...rest)
  }
  const opening = rooms.openAll(['lobby', 'den'], parseSince(undefined, []), ([lobby]) => lobby)
  const lobby = await rooms.open('lobby')
  rooms.settle(lobby)
  clock.settle()
  goOn()
  expect(await opening).toBe(lobby)
})

test('a room that two readers open others beside stays until both are served', async () => {
  const { rooms, store, clock } = createKept(() => ({ epoch: NO_EPOCH }))
  const subscribe = store.subscribe.bind(store)
  const goOn = new Map<string, () => void>()
  store.subscribe = async (name, ...rest) => {
    if (name !== 'lobby') await new Promise<void>((resolve) => goOn.set(name, resolve))
    return subscribe(name, ...rest)
  }
  const since = parseSince(undefined, [])
  const [one, other] = ['den', 'attic'].map((name) => rooms.openAll(['lobby', name], since, ([lobby]) => lobby))
  goOn.get('den')?.()
  const lobby = await one
  clock.settle()
  expect([...rooms.all()]).toEqual([lobby])
  goOn.get('attic')?.()
  expect(await other).toBe(lobby)
  clock.settle()
  expect([...rooms.all()]).toEqual([])
})

test('readers of many rooms that are open already are served beside others, and opening one more is not', async () => {
  const { rooms } = createKept(() => ({ epoch: NO_EPOCH }))
  const names = Array.from({ length: 8 }, (_, i) => `room-${i}`)
  for (const name of names) (await rooms.open(name)).hold()
  const open = (all: readonly string[]) => rooms.openAll(all, parseSince(undefined, []), (opened) => opened.length)
  const opening = await Promise.allSettled([open(names), open(names), open([...names, 'other'])])
  expect(opening.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
})

test('rooms that were kept are opened again while there is memory', async () => {
  const recent = [message(1, { text: 'x'.repeat(1000) })]
  const { rooms } = createKept(() => ({ recent }), {}, 2000)
  await rooms.restore(['a', 'b', 'c'], () => true)
  expect([...rooms].map(({ name }) => name)).toEqual(['a'])
})

test('a message of a log that begins while the past is being read is the first of that log', async () => {
  const { rooms, store } = createKept(() => ({}))
  store.subscribe = async (_name, deliver) => {
    deliver(message(1, { text: 'new' }), 'epoch002')
    return { recent: [1, 2, 3].map((id) => message(id)), epoch: 'epoch001', close: () => undefined }
  }
  const room = await rooms.open('lobby')
  expect([room.epoch, room.last, room.entry(1)?.message.text]).toEqual(['epoch002', 1, 'new'])
})

test('a store that remembers keys is asked for one that is not known here', async () => {
  const asked: unknown[] = []
  const store: Store = {
    ...memoryStore(500, fixedRandom()),
    find: (...key) => {
      asked.push(key)
      return key[2] === 'k'
        ? Promise.resolve({ message: message(7, { text: 'hi', key: 'k' }), epoch: 'old00001' })
        : undefined
    },
  }
  const { chat } = createChat({}, store)
  const send = (key: string) => chat.send({ room: 'lobby', username: 'ada', text: 'hi', key })
  expect(await send('k')).toMatchObject({ replayed: true, message: { id: 7 }, epoch: 'old00001' })
  expect(await send('k2')).toMatchObject({ replayed: false, message: { id: 1 } })
  expect(asked).toEqual([
    ['lobby', 'ada', 'k'],
    ['lobby', 'ada', 'k2'],
  ])
})

test('messages that only a key holds go before a room does', async () => {
  const { chat } = createChat({ ring: 2, bytes: 60_000 })
  await say(chat, 'quiet')
  for (let i = 0; i < 20; i++) await chat.send({ room: 'lobby', username: 'ada', text: 'x'.repeat(2000), key: `k${i}` })
  expect([...chat.rooms].map(({ name }) => name)).toEqual(['quiet', 'lobby'])
  expect(chat.rooms.bytes).toBeLessThan(60_000 + 5000)
  const repeat = (i: number) => chat.send({ room: 'lobby', username: 'ada', text: 'x'.repeat(2000), key: `k${i}` })
  expect((await repeat(19)).replayed).toBe(true)
  expect((await repeat(0)).replayed).toBe(false)
})

test('an address that is free makes as many rooms as there are', async () => {
  const isFree = (address: string): boolean => address === 'school'
  const { store, rooms } = roomsOver(memoryStore(500, fixedRandom()), {}, { rooms: 100, isFree })
  const make = async (name: string, address: string): Promise<void> => {
    rooms.evictFor(await rooms.open(name), address)
    await store.append(name, message(1, { room: name }))
  }
  for (let i = 0; i < 50; i++) await make(`school-${i}`, 'school')
  for (let i = 0; i < 50; i++) await make(`home-${i}`, 'home')
  const left = (of: string): number => [...rooms].filter(({ name }) => name.startsWith(of)).length
  expect([left('school'), left('home')]).toEqual([50, 20])
})
