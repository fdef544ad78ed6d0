import { describe, expect, test } from 'vitest'
import { ChatError } from '../../../src/core/errors.js'
import { type Bucket, fullBucket } from '../../../src/core/bucket.js'
import {
  Buckets,
  ConnectionLimit,
  type Counted,
  Limits,
  NO_LIMITS,
  type Rate,
  take,
} from '../../../src/core/people/limits.js'
import { FakeClock } from '../../support/clock.js'
import { codeOf, createChat } from '../../support/chat.js'

const PERSON: Rate = { perSecond: 5, burst: 20 }

/** How many tokens there are at once. */
function drain(takeOne: () => number): number {
  for (let taken = 0; ; taken++) if (takeOne() > 0) return taken
}

describe('a bucket', () => {
  test.for([
    [{ perSecond: 5, burst: 20 }, 20],
    [{ perSecond: 3, burst: 7 }, 7],
    [{ perSecond: 7, burst: 2000 }, 2000],
    [{ perSecond: 1, burst: 1 }, 1],
  ] as const)('%o lets its whole burst through, and no more, whatever time it is', ([rate, burst]) => {
    for (const now of [0, 0.1, 123_456.789, 1e9 + 0.3]) {
      const bucket = fullBucket()
      expect(drain(() => take(bucket, rate, now))).toBe(burst)
    }
  })

  test('says how long to wait, and has a token then and not before', () => {
    const bucket = fullBucket()
    drain(() => take(bucket, PERSON, 1000))
    expect(take(bucket, PERSON, 1000)).toBeCloseTo(200)
    expect(take(bucket, PERSON, 1199)).toBeCloseTo(1)
    expect(take(bucket, PERSON, 1200)).toBe(0)
    expect(take(bucket, PERSON, 1200)).toBeCloseTo(200)
  })

  test('that is asked in vain is no emptier for it', () => {
    const bucket = fullBucket()
    drain(() => take(bucket, PERSON, 0))
    for (let i = 0; i < 1000; i++) take(bucket, PERSON, 100)
    expect(take(bucket, PERSON, 200)).toBe(0)
  })

  test('lets exactly its rate through in the long run', () => {
    const bucket = fullBucket()
    let passed = 0
    for (let now = 0; now < 100_000; now += 10) if (take(bucket, PERSON, now) === 0) passed++
    expect(passed).toBe(20 + 5 * 100 - 1)
  })

  test('is full again after a rest, and no fuller', () => {
    const bucket = fullBucket()
    drain(() => take(bucket, PERSON, 0))
    expect(drain(() => take(bucket, PERSON, 4000))).toBe(20)
    expect(drain(() => take(bucket, PERSON, 4_000_000))).toBe(20)
  })

  test('without a limit never refuses', () => {
    const bucket = fullBucket()
    for (let i = 0; i < 1000; i++) expect(take(bucket, NO_LIMITS.person, 0)).toBe(0)
  })
})

describe('the buckets of addresses', () => {
  test('are each its own', () => {
    const buckets = new Buckets(PERSON)
    drain(() => buckets.take('a', 0))
    expect(drain(() => buckets.take('b', 0))).toBe(20)
    expect(buckets.take('a', 0)).toBeGreaterThan(0)
  })

  test('are forgotten when they are full again, though nothing looks for them', () => {
    const buckets = new Buckets(PERSON)
    for (let i = 0; i < 1000; i++) buckets.take(`address ${i}`, i)
    expect(buckets.size).toBe(1000)
    buckets.take('another', 10_000)
    expect(buckets.size).toBe(1)
  })

  test('are not forgotten before: whoever is refused stays refused however many others come', () => {
    const buckets = new Buckets(PERSON)
    drain(() => buckets.take('flood', 0))
    let passed = 0
    for (let now = 1; now <= 20_000; now++) {
      buckets.take(`address ${now}`, now)
      if (buckets.take('flood', now) === 0) passed++
    }
    expect(passed).toBe(5 * 20)
    expect(buckets.size).toBeLessThan(2 * 4000 + 3)
  })

  test('are remembered while one that is empty would fill, and less than twice as long', () => {
    const buckets = new Buckets(PERSON)
    const sizes = [0, 4000, 8000, 16_000].map((now) => {
      buckets.take(`address at ${now}`, now)
      return buckets.size
    })
    expect(sizes).toEqual([1, 2, 2, 1])
  })

  test('take bounded memory however many addresses come at once', () => {
    const buckets = new Buckets(PERSON)
    let most = 0
    for (let i = 0; i < 300_000; i++) {
      buckets.take(String(i), 0)
      most = Math.max(most, buckets.size)
    }
    expect(most).toBe(200_000)
  })

  test('without a limit remember nobody', () => {
    const buckets = new Buckets(NO_LIMITS.address)
    buckets.charge('a', 5, 0)
    expect([buckets.take('a', 0), buckets.size]).toEqual([0, 0])
  })
})

describe('a connectionLimit', () => {
  test('has so many of an address, and one more when one has gone', () => {
    const connectionLimit = new ConnectionLimit(2)
    const [first, second] = [connectionLimit.enter('a'), connectionLimit.enter('a')]
    expect([first, second, connectionLimit.enter('a'), connectionLimit.isFull('a')]).toEqual([
      expect.any(Function),
      expect.any(Function),
      undefined,
      true,
    ])
    expect(connectionLimit.enter('b')).toBeDefined()
    first?.()
    first?.()
    expect(connectionLimit.enter('a')).toBeDefined()
    expect(connectionLimit.enter('a')).toBeUndefined()
  })

  test('remembers nobody who has gone', () => {
    const connectionLimit = new ConnectionLimit(5)
    const exits = Array.from({ length: 100 }, (_, i) => connectionLimit.enter(`address ${i % 20}`))
    expect(connectionLimit.size).toBe(20)
    for (const exit of exits) exit?.()
    expect(connectionLimit.size).toBe(0)
  })

  test('without a maximum remembers nobody', () => {
    const connectionLimit = new ConnectionLimit(Infinity)
    expect([connectionLimit.enter('a'), connectionLimit.size]).toEqual([expect.any(Function), 0])
  })

  test('does not count whom it is told not to', () => {
    const connectionLimit = new ConnectionLimit(1, (address) => address === 'home')
    for (let i = 0; i < 10; i++) expect(connectionLimit.enter('home')).toBeDefined()
    expect([connectionLimit.size, connectionLimit.counts('home'), connectionLimit.counts('a')]).toEqual([
      0,
      false,
      true,
    ])
  })
})

const RATES = {
  person: PERSON,
  address: { perSecond: 50, burst: 100 },
  joins: { perSecond: 1, burst: 3 },
  rooms: { perSecond: 1, burst: 2 },
  notes: { perSecond: 1, burst: 10 },
}

describe('the limits of a chat', () => {
  test('say after how many whole seconds it is worth another try', () => {
    const limits = new Limits(new FakeClock(), { ...NO_LIMITS, joins: { perSecond: 0.1, burst: 1 }, person: PERSON })
    const said = { token: 'token', said: fullBucket() }
    const refusal = (call: () => void): unknown => {
      for (let i = 0; i < 100; i++) {
        try {
          call()
        } catch (error) {
          return error
        }
      }
      return undefined
    }
    expect(refusal(() => limits.message('a', said, 'ada'))).toEqual(
      new ChatError('rate_limited', 'you are faster than the room can read: wait 1 s, then send it again', 1),
    )
    expect(refusal(() => limits.join('a'))).toMatchObject({ code: 'rate_limited', retryAfter: 10 })
  })

  test('a person who says too much is refused, whatever the address, and others are not', async () => {
    const { chat, clock } = createChat({ rates: RATES })
    const { session } = await chat.join({ room: 'lobby', username: 'ada', address: 'a' })
    const { session: bob } = await chat.join({ room: 'lobby', username: 'bob', address: 'a' })
    for (let i = 0; i < 20; i++) await chat.send({ room: 'lobby', text: 'hi', session, address: `a${i}` })
    expect(await codeOf(() => chat.send({ room: 'lobby', text: 'hi', session, address: 'z' }))).toBe('rate_limited')
    await chat.send({ room: 'lobby', text: 'hi', session: bob })
    clock.advance(200)
    await chat.send({ room: 'lobby', text: 'hi', session })
  })

  test('a name without a session has the same rate at its address, however it is written; elsewhere it has its own', async () => {
    const { chat, clock } = createChat({ rates: RATES })
    const say = (username: string, address: string) => chat.send({ room: 'lobby', username, text: 'hi', address })
    for (let i = 0; i < 20; i++) await say(i % 2 === 0 ? 'ada' : 'ADA', 'a')
    expect(await codeOf(() => say('Ada', 'a'))).toBe('rate_limited')
    await say('ada', 'b')
    await say('bob', 'a')
    clock.advance(200)
    await say('ada', 'a')
  })

  test('a name at an address that is free is not counted', async () => {
    const { chat } = createChat({ rates: { ...RATES, isFree: (address) => address === 'here' } })
    for (let i = 0; i < 300; i++) await chat.send({ room: 'lobby', username: 'u', text: 'hi', address: 'here' })
  })

  test('a flood of coming and going writes so many notes, and the names are held and told all the same', async () => {
    const { chat, clock } = createChat({ rates: { ...RATES, joins: NO_LIMITS.joins }, ring: 50 })
    for (let i = 0; i < 30; i++) await chat.send({ room: 'lobby', username: `u${i}`, text: 'said' })
    for (let i = 0; i < 200; i++) {
      const { session, room, id, epoch } = await chat.join({ room: 'lobby', username: 'ada', address: 'a' })
      expect([room.presence.state.presence.members, id, epoch]).toEqual([['ada'], room.last, room.epoch])
      await chat.leave(session, 'lobby')
    }
    const { messages } = await chat.history('lobby', { limit: 500 })
    expect(messages.filter(({ type }) => type === 'chat')).toHaveLength(30)
    expect(messages.filter(({ type }) => type !== 'chat')).toHaveLength(10)
    clock.advance(2000)
    await chat.leave((await chat.join({ room: 'lobby', username: 'bob' })).session, 'lobby')
    expect((await chat.history('lobby', { limit: 2 })).messages.map(({ type }) => type)).toEqual(['join', 'leave'])
  })

  test('an address that says too much is refused, whoever speaks there, with a session or without', async () => {
    const { chat } = createChat({ rates: RATES })
    const { session } = await chat.join({ room: 'lobby', username: 'ada', address: 'a' })
    for (let i = 0; i < 100; i++) await chat.send({ room: 'lobby', username: `u${i}`, text: 'hi', address: 'a' })
    expect(await codeOf(() => chat.send({ room: 'lobby', username: 'u', text: 'hi', address: 'a' }))).toBe(
      'rate_limited',
    )
    expect(await codeOf(() => chat.send({ room: 'lobby', session, text: 'hi' }))).toBe('rate_limited')
    await chat.send({ room: 'lobby', username: 'u', text: 'hi', address: 'b' })
  })

  test('an address joins, and makes rooms, only so often; a room that is there costs nothing', async () => {
    const { chat } = createChat({ rates: RATES })
    for (const name of ['one', 'two']) await chat.send({ room: name, username: 'u', text: 'hi', address: 'a' })
    await chat.send({ room: 'one', username: 'u', text: 'hi', address: 'a' })
    expect(await codeOf(() => chat.send({ room: 'three', username: 'u', text: 'hi', address: 'a' }))).toBe(
      'rate_limited',
    )
    expect(chat.rooms.get('three')).toBeUndefined()
    for (const name of ['u1', 'u2', 'u3']) await chat.join({ room: 'one', username: name, address: 'a' })
    expect(await codeOf(() => chat.join({ room: 'one', username: 'u4', address: 'a' }))).toBe('rate_limited')
  })

  test('hands go up and down as often as people say that they type, and not more', () => {
    const limits = new Limits(new FakeClock(), RATES)
    const ada = { token: 'token', typed: fullBucket() }
    for (let i = 0; i < 10; i++) {
      limits.hand(ada)
      limits.typing(ada)
    }
    expect(() => limits.hand(ada)).toThrow('your hand goes up and down too often: wait 1 s, then try again')
  })

  test('typing has its own bucket', async () => {
    const { chat } = createChat({ rates: RATES })
    const { session } = await chat.join({ room: 'lobby', username: 'ada', address: 'a' })
    for (let i = 0; i < 20; i++) await chat.typing(session, 'lobby', i % 2 === 0)
    expect(await codeOf(() => chat.typing(session, 'lobby', true))).toBe('rate_limited')
    await chat.send({ room: 'lobby', session, text: 'hi' })
  })

  test('the program itself is not counted', async () => {
    const { chat } = createChat({ rates: RATES })
    for (let i = 0; i < 300; i++) await chat.send({ room: `room${i % 9}`, username: 'bot', text: 'hi' })
    for (let i = 0; i < 9; i++) await chat.join({ room: 'room0', username: `bot${i}` })
  })

  test('an address has only so many sessions, and one more when one has ended', async () => {
    const { chat } = createChat({ connectionLimit: new ConnectionLimit(2) })
    const join = (username: string) => chat.join({ room: 'lobby', username, address: 'a' })
    const { session } = await join('ada')
    await join('bob')
    expect(await codeOf(() => join('eve'))).toBe('unavailable')
    expect(chat.sessions.size).toBe(2)
    await chat.end(session)
    await join('eve')
  })
})

describe('what another process gives away', () => {
  const BURSTS = [
    ['messages of a session', 20, ({ limits, ada }: Process) => limits.message(undefined, ada, 'ada')],
    ['messages of a name', 20, ({ limits }: Process) => limits.message('a', undefined, 'Ada')],
    ['messages of an address', 100, ({ limits }: Process, i: number) => limits.message('a', undefined, `u${i}`)],
    ['signs of typing', 20, ({ limits, ada }: Process) => limits.typing(ada)],
    ['joins', 3, ({ limits }: Process) => limits.join('a')],
    ['joins of an address with a rate of its own', 5, ({ limits }: Process) => limits.join('home')],
    ['new rooms', 2, ({ limits }: Process) => limits.room('a')],
    ['notes of coming and going', 10, ({ limits, lobby }: Process) => limits.note(lobby)],
  ] as const

  function createProcess(tell?: (counted: Counted) => void) {
    const rates = { ...RATES, isFree: (address: string) => address === 'home', freeJoins: { perSecond: 1, burst: 5 } }
    const ada = { token: 'token', said: fullBucket(), typed: fullBucket() }
    const lobby = { name: 'lobby', notes: fullBucket() }
    const known: Readonly<Record<string, Bucket>> = {
      'said token': ada.said,
      'typed token': ada.typed,
      'note lobby': lobby.notes,
    }
    const clock = new FakeClock()
    const limits = new Limits(clock, rates, tell)
    const count = (counted: Counted, times = 1): void =>
      limits.charge(counted, times, ({ what, of }) => known[`${what} ${of}`])
    return { limits, ada, lobby, count, clock }
  }
  type Process = ReturnType<typeof createProcess>

  /** How often something is allowed. */
  function allowed(call: (i: number) => unknown): number {
    for (let i = 0; ; i++) {
      try {
        if (call(i) === false) return i
      } catch {
        return i
      }
    }
  }

  test.for(BURSTS)('counts here too: %s', ([, burst, ask]) => {
    const here = createProcess()
    const there = createProcess(here.count)
    for (let i = 1; i < burst; i++) ask(there, -i)
    expect(allowed((i) => ask(here, i))).toBe(1)
  })

  test('is told once for each, and not for what is refused', () => {
    const told: string[] = []
    const there = createProcess(({ what, of }) => told.push(`${what} ${of}`))
    for (const [, , ask] of BURSTS) allowed((i) => ask(there, i))
    for (const [what, burst] of [
      ['said token', 20],
      ['name a ada', 20],
      ['address a', 100],
      ['join a', 3],
      ['note lobby', 10],
    ])
      expect(told.filter((one) => one === what)).toHaveLength(Number(burst))
  })

  test('is not told, and not counted, where there is no limit', () => {
    const limits = new Limits(new FakeClock(), NO_LIMITS, () => expect.unreachable('told'))
    const ada = { token: 'token', said: fullBucket(), typed: fullBucket() }
    limits.charge({ what: 'said', of: 'token' }, 1000, () => ada.said)
    limits.message('a', ada, 'ada')
    limits.message('a', undefined, 'ada')
    limits.join('a')
  })

  test('counts all at once, beyond what there is, and for a session that is not known here not at all', () => {
    const { limits, ada, count, clock } = createProcess()
    count({ what: 'join', of: 'a' }, 2)
    expect(allowed(() => limits.join('a'))).toBe(1)
    count({ what: 'said', of: 'another' }, 30)
    count({ what: 'typed', of: 'token' }, 30)
    expect(take(ada.typed, PERSON, clock.now())).toBeCloseTo(11 * 200)
    expect(take(ada.said, PERSON, clock.now())).toBe(0)
  })
})
