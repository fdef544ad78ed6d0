// The contract of stores, as tests. The test file of a store calls `storeContract`, and adds tests that only this
// store needs.

import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NO_EPOCH } from '../../src/core/rooms/cursor.js'
import { changesOf } from '../../src/core/rooms/change.js'
import type { Draft, Message } from '../../src/core/rooms/message.js'
import { encode } from '../../src/core/rooms/history.js'
import { matches, parseWords, search } from '../../src/core/rooms/search.js'
import type { Range, Store } from '../../src/core/rooms/store.js'
import { systemClock } from '../../src/platform.js'
import { Model, steps } from './changes.js'

/** Opens an empty store whose rooms keep at least `size` messages. The contract closes it. */
export type OpenStore = (size: number) => Store | Promise<Store>

export function draft(text: string, room = 'lobby'): Draft {
  return { room, type: 'chat', username: 'ada', text, timestamp: 1_763_635_200_000, key: 'c_1' }
}

export function storeContract(name: string, openStore: OpenStore): void {
  async function open(size = 500): Promise<Store> {
    const store = await openStore(size)
    onTestFinished(() => store.close())
    return store
  }

  /** Subscribes, and keeps what is delivered. */
  async function listen(store: Store, room = 'lobby') {
    const got: { message: Message; epoch: string }[] = []
    const subscription = await store.subscribe(room, (message, epoch) => got.push({ message, epoch }))
    return { got, subscription, ids: (): number[] => got.map(({ message }) => message.id) }
  }

  describe(`${name}: appending`, () => {
    test('gives each room its own ids: 1, 2, 3 …', async () => {
      const store = await open()
      await listen(store)
      await listen(store, 'den')
      expect((await store.append('lobby', draft('a'))).message.id).toBe(1)
      expect((await store.append('den', draft('b', 'den'))).message.id).toBe(1)
      expect((await store.append('lobby', draft('c'))).message).toEqual({ id: 2, ...draft('c') })
    })

    test('writes a message with its parts in the order of the contract', async () => {
      const store = await open()
      const { got } = await listen(store)
      await store.append('lobby', draft('hi'))
      expect(Object.keys(got[0]?.message ?? {})).toEqual(['id', 'room', 'type', 'username', 'text', 'timestamp', 'key'])
    })

    test('has delivered the message here when it resolves', async () => {
      const store = await open()
      const one = await listen(store)
      const other = await listen(store)
      const sent = await store.append('lobby', draft('hi'))
      expect(sent.epoch).toMatch(/^[a-z0-9]{8}$/)
      for (const { got } of [one, other]) expect(got).toEqual([sent])
    })

    test('of many at one moment gives dense ids, and delivers each once and in order', async () => {
      const store = await open()
      const { got, ids } = await listen(store)
      const sent = await Promise.all(Array.from({ length: 100 }, async (_, i) => store.append('lobby', draft(`n${i}`))))
      const all = Array.from({ length: 100 }, (_, i) => i + 1)
      expect(ids()).toEqual(all)
      expect(sent.map(({ message }) => message.id).toSorted((a, b) => a - b)).toEqual(all)
      expect(new Set(got.map(({ message }) => message.text)).size).toBe(100)
    })

    test('keeps what people type as it is', async () => {
      const store = await open()
      await listen(store)
      const texts = ['\n\t', '😀\u0301', '"\\', '\u2028\u2029', '\ufeff', '</script>', 'x'.repeat(4000)]
      for (const text of texts) await store.append('lobby', draft(text))
      expect((await store.read('lobby', { limit: 500 })).messages.map(({ text }) => text)).toEqual(texts)
    })

    test('into a room with a name that JavaScript knows otherwise is nothing special', async () => {
      const store = await open()
      for (const room of ['__proto__', 'constructor', 'toString', 'CON', 'Lobby', 'lobby', '-', '_']) {
        await listen(store, room)
        expect((await store.append(room, draft('hi', room))).message.id).toBe(1)
        expect((await store.read(room, { limit: 9 })).last).toBe(1)
      }
    })
  })

  describe(`${name}: subscribing`, () => {
    test('to a room without a log brings nothing, and no epoch', async () => {
      const { subscription } = await listen(await open())
      expect([subscription.recent, subscription.epoch]).toEqual([[], NO_EPOCH])
    })

    test('to a log brings its newest messages, and delivery goes on right behind them', async () => {
      const store = await open()
      const first = await listen(store)
      for (const text of ['a', 'b', 'c']) await store.append('lobby', draft(text))
      const { subscription, ids } = await listen(store)
      expect(subscription.recent.map(({ id }) => id)).toEqual([1, 2, 3])
      expect(subscription.epoch).toBe(first.got[0]?.epoch)
      await store.append('lobby', draft('d'))
      expect(ids()).toEqual([4])
    })

    test('while messages come leaves no hole and doubles none', async () => {
      const store = await open()
      await listen(store)
      const sending = Array.from({ length: 30 }, (_, i) => store.append('lobby', draft(`n${i}`)))
      const late = await listen(store)
      await Promise.all([...sending, ...Array.from({ length: 30 }, (_, i) => store.append('lobby', draft(`m${i}`)))])
      const recent = late.subscription.recent.map(({ id }) => id)
      const all = [...recent, ...late.ids().filter((id) => id > (recent.at(-1) ?? 0))]
      expect(all).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
    })

    test('ends with close, and no other subscription with it', async () => {
      const store = await open()
      const [one, other] = [await listen(store), await listen(store)]
      one.subscription.close()
      one.subscription.close()
      await store.append('lobby', draft('hi'))
      expect([one.ids(), other.ids()]).toEqual([[], [1]])
    })

    test('of two with one function delivers to each', async () => {
      const store = await open()
      let calls = 0
      const deliver = (): number => calls++
      const one = await store.subscribe('lobby', deliver)
      await store.subscribe('lobby', deliver)
      await store.append('lobby', draft('a'))
      one.close()
      await store.append('lobby', draft('b'))
      expect(calls).toBe(3)
    })

    test('hears nothing of other rooms', async () => {
      const store = await open()
      const { ids } = await listen(store)
      await listen(store, 'den')
      await store.append('den', draft('hi', 'den'))
      expect(ids()).toEqual([])
    })
  })

  describe(`${name}: the epoch`, () => {
    test('stays while the log is kept, and is another in every room', async () => {
      const store = await open()
      const lobby = await listen(store)
      const den = await listen(store, 'den')
      for (let i = 0; i < 3; i++) await store.append('lobby', draft('hi'))
      await store.append('den', draft('hi', 'den'))
      const epochs = new Set(lobby.got.map(({ epoch }) => epoch))
      expect([epochs.size, epochs.has(den.got[0]?.epoch ?? '')]).toEqual([1, false])
      expect(epochs).toContain((await store.read('lobby', { limit: 1 })).epoch)
    })

    test('and the ids go on, or both begin anew, after everybody was gone', async () => {
      const store = await open()
      const first = await listen(store)
      await store.append('lobby', draft('a'))
      first.subscription.close()
      const second = await listen(store)
      await store.append('lobby', draft('b'))
      const { message, epoch } = second.got[0] ?? {}
      expect([epoch === first.got[0]?.epoch, message?.id]).toEqual(message?.id === 2 ? [true, 2] : [false, 1])
    })
  })

  describe(`${name}: what a moderator orders`, () => {
    test('a message that was taken out is given as removed, by reading and by subscribing', async () => {
      const store = await open()
      const { subscription } = await listen(store)
      const { key: _, ...order } = { ...draft('removed'), type: 'delete', of: 1 }
      await store.append('lobby', draft('a rude word'))
      expect((await store.append('lobby', order)).message).toMatchObject({ id: 2, type: 'delete', of: 1 })
      const removed = { ...draft('removed'), id: 1, type: 'removed' }
      expect((await store.read('lobby', { limit: 5 })).messages).toMatchObject([removed, { id: 2 }])
      expect((await store.subscribe('lobby', () => undefined)).recent).toMatchObject([removed, { id: 2 }])
      subscription.close()
    })

    test('a clear message begins the log anew', async () => {
      const store = await open()
      const { got, ids } = await listen(store)
      for (const type of ['chat', 'chat', 'clear', 'chat']) await store.append('lobby', { ...draft('text'), type })
      expect(ids()).toEqual([1, 2, 1, 2])
      const epochs = got.map(({ epoch }) => epoch)
      expect([epochs[0] === epochs[1], epochs[1] === epochs[2], epochs[2] === epochs[3]]).toEqual([true, false, true])
      const { messages, epoch } = await store.read('lobby', { limit: 5 })
      expect([messages.map(({ type }) => type), epoch]).toEqual([['clear', 'chat'], epochs[3]])
    })

    test('of orders and messages at one moment, each comes in its turn', async () => {
      const store = await open()
      const { got } = await listen(store)
      const types = ['chat', 'clear', 'chat', 'clear', 'chat', 'chat']
      const sent = await Promise.all(types.map(async (type) => store.append('lobby', { ...draft('text'), type })))
      expect(got.map(({ message: { id, type } }) => [id, type])).toEqual([
        [1, 'chat'],
        [1, 'clear'],
        [2, 'chat'],
        [1, 'clear'],
        [2, 'chat'],
        [3, 'chat'],
      ])
      // Each is answered with its own message, and with the epoch of the log that it is in.
      expect(sent).toEqual(got)
    })

    test('of senders beside orders, each is answered with what it said, in the log that has it', async () => {
      const store = await open()
      const { got } = await listen(store)
      const put = store.appendOnce?.bind(store) ?? store.append.bind(store)
      const drafts = Array.from({ length: 40 }, (_, i) => ({
        ...draft(`text ${i}`),
        type: i % 7 === 3 ? 'clear' : 'chat',
        username: `person ${i}`,
        key: `k${i}`,
      }))
      const sent = await Promise.all(drafts.map(async (one) => put('lobby', one)))
      expect(sent.map(({ message }) => message)).toEqual(drafts.map((said) => ({ id: expect.any(Number), ...said })))
      expect(got).toHaveLength(drafts.length)
      for (const { message, epoch } of sent) expect(got).toContainEqual({ message, epoch })
    })

    test('a key from before a clear counts no more: its message is in the log that there is now', async () => {
      const store = await open()
      const { got } = await listen(store)
      const say = async () => {
        const said = { ...draft('hello'), key: 'k1' }
        if (store.appendOnce !== undefined) return store.appendOnce('lobby', said)
        return (await store.find?.('lobby', said.username, said.key)) ?? store.append('lobby', said)
      }
      await say()
      await store.append('lobby', { ...draft('cleared'), type: 'clear', key: 'k2' })
      const { message, epoch, replayed = false } = await say()
      expect([message.id, epoch, replayed]).toEqual([2, got[1]?.epoch, false])
      expect(got[2]).toEqual({ message, epoch })
    })
  })

  describe(`${name}: changes`, () => {
    test('a message is given as edits, deletes and reactions left it, as a plain list would have it', async () => {
      const store = await open()
      let count = 0
      await fc.assert(
        fc.asyncProperty(steps, async (all) => {
          const room = `room-${count++}`
          const model = new Model(all, room)
          const { got, subscription } = await listen(store, room)
          await Promise.all(model.drafts.map(async (one) => store.append(room, one)))
          expect((await store.read(room, { limit: 500 })).messages).toEqual(model.messages)
          // Some may have been read when they were changed already; with the changes behind them all come to the same.
          const told: Message[] = []
          const held = {
            get: (id: number) => told[id - 1],
            slice: (from: number, to: number) => told.slice(from - 1, to),
          }
          for (const { message } of got) {
            for (const after of changesOf(held, message)) told[after.id - 1] = after
            told.push(message)
          }
          expect(told).toEqual(model.messages)
          const late = await store.subscribe(room, () => undefined)
          expect(late.recent).toEqual(model.messages)
          late.close()
          subscription.close()
        }),
        { numRuns: 60 },
      )
    })

    test('an earlier edit gives its text up to a newer one, and to a delete, also where its own message is out of reach', async () => {
      const store = await open(5)
      for (const [room, type] of [
        ['lobby', 'edit'],
        ['den', 'delete'],
      ] as const) {
        await listen(store, room)
        await store.append(room, draft('helo', room))
        for (const text of ['b', 'c']) await store.append(room, draft(text, room))
        await store.append(room, { ...draft('secret', room), type: 'edit', of: 1 })
        await store.append(room, draft('e', room))
        await store.append(room, draft('f', room))
        await store.append(room, { ...draft('hello', room), type, of: 1 })
        const { messages } = await store.read(room, { limit: 5 })
        expect(messages.map((message) => message.type)).toEqual(['chat', 'removed', 'chat', 'chat', type])
        expect(JSON.stringify(messages)).not.toContain('secret')
      }
    })

    test('what speaks of no chat message changes nothing', async () => {
      const store = await open()
      await listen(store)
      const types = ['join', 'chat']
      for (const type of types) await store.append('lobby', { ...draft('hi'), type })
      for (const of of [1, 4, 9])
        for (const type of ['edit', 'reaction']) await store.append('lobby', { ...draft('👍'), type, of })
      const { messages } = await store.read('lobby', { limit: 2, after: 0 })
      expect(messages).toEqual(types.map((type, i) => ({ id: i + 1, ...draft('hi'), type })))
    })
  })

  describe(`${name}: files`, () => {
    test('a message keeps what it says of its file until it is taken out, edited or not', async () => {
      const store = await open()
      const { got } = await listen(store)
      const file = { id: 'x'.repeat(22), type: 'image/png', bytes: 5, name: 'a "b".png', width: 2, height: 3 }
      await store.append('lobby', { ...draft('look'), file })
      await store.append('lobby', { ...draft('see'), type: 'edit', of: 1 })
      await store.append('lobby', { ...draft('👍'), type: 'reaction', of: 1 })
      expect(got[0]?.message.file).toEqual(file)
      expect((await store.read('lobby', { limit: 9 })).messages[0]).toMatchObject({ text: 'see', file })
      expect((await store.subscribe('lobby', () => undefined)).recent[0]?.file).toEqual(file)
      await store.append('lobby', { ...draft('removed'), type: 'delete', of: 1 })
      expect((await store.read('lobby', { limit: 9 })).messages[0]?.file).toBeUndefined()
    })
  })

  describe(`${name}: searching`, () => {
    test('finds what a list of everything would, as it is now, page after page from either end', async () => {
      const store = await open(150)
      await listen(store)
      const said = fc.constantFrom('Café', 'exam', 'the exam', 'naïve café', 'EXAM, cafe!', 'nothing')
      const texts = fc.sample(said, { numRuns: 130, seed: 1 })
      for (const text of texts) await store.append('lobby', draft(text))
      await store.append('lobby', { ...draft('an exam in the café'), type: 'edit', of: 5 })
      await store.append('lobby', { ...draft('removed'), type: 'delete', of: 7 })
      const { messages: all } = await store.read('lobby', { limit: 500 })
      const parts = {
        clock: systemClock,
        read: (range: Range) => store.read('lobby', range),
        held: () => undefined,
        encodeOne: encode,
        mostBytes: 1e9,
      }
      for (const query of ['exam', 'cafe', 'CAFÉ exam', 'ada', 'naïve nothing']) {
        const words = parseWords(query)
        const expected = all.filter((message) => matches(message, words)).map(({ id }) => id)
        for (const isAfter of [false, true]) {
          const found: number[] = []
          let [place, more] = [isAfter ? 0 : Infinity, true]
          while (more) {
            const page = await search(parts, words, { limit: 4, ...(isAfter ? { after: place } : { before: place }) })
            const ids = page.messages.map(({ id }) => id)
            if (isAfter) found.push(...ids)
            else found.unshift(...ids)
            more = page.more
            place = page.searched
          }
          expect(found).toEqual(expected)
        }
      }
    })
  })

  describe(`${name}: reading`, () => {
    test('an unknown room is empty, and makes none', async () => {
      const store = await open()
      for (const range of [{ limit: 5 }, { limit: 5, before: 3 }, { limit: 5, after: 0 }]) {
        expect(await store.read('lobby', range)).toEqual({
          messages: [],
          epoch: NO_EPOCH,
          first: 0,
          last: 0,
          more: false,
        })
      }
    })

    test('takes an id beyond any, and gives all that is before it or nothing after it', async () => {
      const store = await open()
      await listen(store)
      await store.append('lobby', draft('hi'))
      expect((await store.read('lobby', { before: 1e20, limit: 5 })).messages.map(({ id }) => id)).toEqual([1])
      expect(await store.read('lobby', { after: 1e20, limit: 5 })).toMatchObject({ messages: [], last: 1, more: false })
    })

    test('is a page of all there is, as an array of everything would have it', async () => {
      const store = await open(40)
      await listen(store)
      const all: Message[] = []
      for (let i = 1; i <= 30; i++) all.push((await store.append('lobby', draft(`text ${i}`))).message)
      const { epoch } = await store.read('lobby', { limit: 1 })
      const end = fc.integer({ min: 0, max: 35 })
      const ranges = fc.oneof(
        end.map((before) => ({ before })),
        end.map((after) => ({ after })),
        fc.constant({}),
      )
      await fc.assert(
        fc.asyncProperty(ranges, fc.integer({ min: 1, max: 40 }), async (bounds, limit) => {
          const range: Range = { ...bounds, limit }
          const inside = all.filter(({ id }) => id < (range.before ?? Infinity) && id > (range.after ?? 0))
          const messages = range.after === undefined ? inside.slice(-limit) : inside.slice(0, limit)
          expect(await store.read('lobby', range)).toEqual({
            messages,
            epoch,
            first: 1,
            last: 30,
            more: messages.length < inside.length,
          })
        }),
        { numRuns: 60 },
      )
    })
  })
}
