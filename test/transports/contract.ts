// The contract of ways in, executed by each of them: events.test.ts, lines.test.ts, websocket.test.ts and
// socketio.test.ts call it with their way.

import { readdirSync } from 'node:fs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Config } from '../../src/config.js'
import type { Message } from '../../src/core/rooms/message.js'
import { poll, send } from '../support/http.js'
import { startProxy } from '../support/proxy.js'
import { startServer, type TestServer, until } from '../support/server.js'
import type { WayIn, Visit } from '../support/visits.js'

/** What is measured here is not how fast one person may be. */
export const UNLIMITED = { rate: Infinity, addressRate: Infinity, addressJoins: Infinity, addressRooms: Infinity }

const DROPPED = 1000
/** People a room, so that a thousand people who come are not a million messages about it. */
const CROWD = 20
const IS_LINUX = process.platform === 'linux'

export function portOf({ app, port }: TestServer, way: WayIn): number {
  return way.transport === 'lines' ? (app.tcpPort ?? 0) : port
}

/** Everything that a connection may hold on to. */
export function held({ app }: TestServer): Record<string, number> {
  const rooms = [...app.chat.rooms.all()]
  return {
    members: rooms.reduce((sum, room) => sum + room.presence.size, 0),
    watchers: rooms.reduce((sum, room) => sum + room.presence.watchers, 0),
    readers: rooms.reduce((sum, room) => sum + room.waiting, 0),
    sessions: app.chat.sessions.size,
    timers: app.chat.timers.size,
    connections: [...app.transports.values()].reduce((sum, transport) => sum + transport.connections, 0),
  }
}

const NOTHING = { members: 0, watchers: 0, readers: 0, sessions: 0, timers: 0, connections: 0 }

export async function nothingIsHeld(server: TestServer, ms?: number): Promise<void> {
  for (const one of server.all ?? [server])
    await until(
      () => JSON.stringify(held(one)),
      (now) => now === JSON.stringify(NOTHING),
      ms,
    )
}

async function open(
  server: TestServer,
  way: WayIn,
  username: string,
  port = portOf(server, way),
  room = 'lobby',
): Promise<Visit> {
  const visit = await way.open(port, room, username)
  onTestFinished(() => visit.close())
  return visit
}

const told = (visit: Visit, count: number): Promise<number> =>
  until(
    () => visit.texts.length,
    (length) => length >= count,
  )

export function transportContract(way: WayIn): void {
  describe(`every way in: ${way.name}`, () => {
    test('a message whose time is over is told to nobody, and the next one is', async () => {
      const server = await startServer({ ...UNLIMITED, ...way.config, keepMs: 300 })
      await send(server.port, 'lobby', 'bob', 'old')
      const room = server.app.chat.rooms.get('lobby')
      await until(
        () => room?.first,
        (first) => first === 2,
      )
      const visit = await open(server, way, 'ada')
      await send(server.port, 'lobby', 'bob', 'new')
      await told(visit, 1)
      expect([visit.texts, visit.missed]).toEqual([['new'], 0])
    })

    test('a reader that held everything up is told exactly how much it missed', { timeout: 30_000 }, async () => {
      const server = await startServer({ ...UNLIMITED, ...way.config, ring: 20 })
      const proxy = await startProxy(portOf(server, way))
      const visit = await open(server, way, 'ada', proxy.port)
      proxy.hold()
      for (let i = 1; i <= 2500; i++) {
        await server.app.chat.send({
          room: 'lobby',
          username: 'bob',
          text: `${i} ${'\u{1f600}'.repeat(3990)}`,
        })
        if (i % 10 === 0) await new Promise(setImmediate)
      }
      proxy.release()
      await until(
        () => visit.texts.length + visit.missed,
        (count) => count >= 2500,
      )
      const numbers = visit.texts.map((text) => Number(text.split(' ', 1)[0]))
      expect(visit.missed).toBeGreaterThan(0)
      expect(visit.texts.length + visit.missed).toBe(2500)
      expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
      expect(numbers.at(-1)).toBe(2500)
    })

    test('what it delivers is counted under its name', async () => {
      const server = await startServer({ ...UNLIMITED, ...way.config })
      const visit = await open(server, way, 'ada')
      await send(server.port, 'lobby', 'bob', 'hello')
      await told(visit, 1)
      const metrics = await (await fetch(`${server.url}/metrics`)).text()
      expect(metrics).toMatch(new RegExp(`^minichat_messages_delivered_total{transport="${way.transport}"} [1-9]`, 'm'))
    })

    test('whoever reads is counted as waiting, and a connection that ends leaves nothing behind', async () => {
      const server = await startServer({ ...UNLIMITED, ...way.config })
      await send(server.port, 'lobby', 'bob', 'hello')
      const visit = await open(server, way, 'ada')
      const parked = async (): Promise<number> =>
        Number(/"parked":(\d+)/.exec(await (await fetch(`${server.url}/rooms`)).text())?.[1])
      await told(visit, 1)
      expect(await parked()).toBe(1)
      visit.close()
      await nothingIsHeld(server)
      expect(await parked()).toBe(0)
    })

    test('a server that stops closes it', async () => {
      const server = await startServer({ ...UNLIMITED, ...way.config })
      const visit = await open(server, way, 'ada')
      await server.stop()
      await until(
        () => visit.isClosed,
        (isClosed) => isClosed,
      )
      await nothingIsHeld(server)
    })

    const dropped = way.isLobby ? DROPPED / 5 : DROPPED
    test(
      `${dropped} connections that drop at once leave nothing behind within five seconds`,
      { timeout: 240_000 },
      async () => {
        const server = await startServer({ ...UNLIMITED, ...way.config })
        await send(server.port, 'lobby', 'bob', 'hello')
        const descriptors = (): number => (IS_LINUX ? readdirSync('/proc/self/fd').length : 0)
        const before = descriptors()
        const visits: Visit[] = []
        for (let i = 0; i < dropped; i += CROWD) {
          const connectionLimit = Array.from({ length: CROWD }, (_, n) =>
            way.open(portOf(server, way), `room${i}`, `user${i + n}`),
          )
          visits.push(...(await Promise.all(connectionLimit)))
        }
        await until(
          () => [...server.app.chat.rooms.all()].reduce((sum, room) => sum + room.waiting, 0),
          (count) => count === dropped,
        )
        for (const visit of visits) visit.close()
        await nothingIsHeld(server)
        await until(descriptors, (count) => count <= before + 10)
      },
    )

    clientContract(way, startServer)
  })
}

/** Opens a server, or several of which each look meets another one. */
export type Start = (config: Partial<Config>) => Promise<TestServer>

/** Another server hears of people within a second; a busy machine may take longer. */
const HEARD = { timeout: 10_000, interval: 10 }

/** The chat messages of the lobby, once there are so many. */
function saidOf(server: TestServer, count: number): Promise<readonly Message[]> {
  return vi.waitFor(async () => {
    const { messages } = await poll(server.port, 'room=lobby&since=0')
    const said = messages.filter(({ type }) => type === 'chat')
    expect(said).toHaveLength(count)
    return said
  }, HEARD)
}

/** What can be seen from outside, whichever server a client comes to. */
export function clientContract(way: WayIn, start: Start): void {
  test('a message that came by HTTP is told', async () => {
    const server = await start({ ...UNLIMITED, ...way.config })
    const visit = await open(server, way, 'ada')
    await send(server.port, 'lobby', 'bob', 'hello')
    await told(visit, 1)
    expect(visit.texts).toEqual(['hello'])
  })

  test('the recent messages come first, in their order, and then the new ones', async () => {
    const server = await start({ ...UNLIMITED, ...way.config })
    for (const text of ['one', 'two', 'three']) await send(server.port, 'lobby', 'bob', text)
    const visit = await open(server, way, 'ada')
    await send(server.port, 'lobby', 'bob', 'four')
    await told(visit, 4)
    expect(visit.texts).toEqual(['one', 'two', 'three', 'four'])
  })

  test('a hundred messages that come at once are told once each, in the order of the log', async () => {
    const server = await start({ ...UNLIMITED, ...way.config })
    const visit = await open(server, way, 'ada')
    await Promise.all(Array.from({ length: 100 }, (_, i) => send(server.port, 'lobby', `writer${i % 7}`, `text ${i}`)))
    await told(visit, 100)
    const messages = await saidOf(server, 100)
    expect(visit.texts).toEqual(messages.map(({ text }) => text))
  })

  test('a text of several lines and of strange letters stays one message', async () => {
    const server = await start({ ...UNLIMITED, ...way.config })
    const visit = await open(server, way, 'ada')
    await send(server.port, 'lobby', 'bob', 'a\nMSG lobby ada b\u2028[ada]: c\n\nid: 7\ndata: {}\n\n\u{1f600}')
    await send(server.port, 'lobby', 'bob', 'after')
    await told(visit, 2)
    expect(visit.texts.length).toBe(2)
    expect(visit.texts[0]?.replaceAll('\\n', '\n').replaceAll('\u2028', '\n')).toBe(
      'a\nMSG lobby ada b\n[ada]: c\n\nid: 7\ndata: {}\n\n\u{1f600}',
    )
  })

  if (way.joins) memberContract(way, start)
}

/** For the ways in by which a person joins. */
function memberContract(way: WayIn, start: Start): void {
  test('what is said goes to everyone, over HTTP too, and to whoever said it', async () => {
    const server = await start({ ...UNLIMITED, ...way.config })
    const [ada, bob] = [await open(server, way, 'ada'), await open(server, way, 'bob')]
    ada.say('hello from here')
    await told(ada, 1)
    await told(bob, 1)
    const messages = await saidOf(server, 1)
    expect(messages.map(({ username, text }) => [username, text])).toEqual([['ada', 'hello from here']])
    expect([ada.texts, bob.texts]).toEqual([['hello from here'], ['hello from here']])
  })

  test('whoever comes is a member, and leaves with the connection', async () => {
    const server = await start({ ...UNLIMITED, ...way.config })
    const visit = await open(server, way, 'ada')
    await vi.waitFor(async () => {
      const before = await (await fetch(`${server.url}/members?room=lobby`)).json()
      expect(before).toEqual({ room: 'lobby', members: ['ada'] })
    }, HEARD)
    visit.close()
    await nothingIsHeld(server)
    await vi.waitFor(async () => {
      const { messages } = await poll(server.port, 'room=lobby&since=0')
      expect(messages.map(({ type }) => type)).toEqual(['join', 'leave'])
    }, HEARD)
  })

  test('a name that somebody holds is refused, however it is written, and is free with the end of the connection', async () => {
    const server = await start({ ...UNLIMITED, ...way.config })
    const visit = await open(server, way, 'ada')
    await expect(open(server, way, 'ADA')).rejects.toThrow(/409|name taken|has that name/)
    expect((await send(server.port, 'lobby', 'ada', 'it is me')).status).toBe(409)
    visit.close()
    await nothingIsHeld(server)
    await open(server, way, 'Ada')
  })

  test('a text with an escape sequence is refused and told to nobody', async () => {
    const server = await start({ ...UNLIMITED, ...way.config })
    const [ada, bob] = [await open(server, way, 'ada'), await open(server, way, 'bob')]
    ada.say('\u001b[2J gone')
    await until(
      () => ada.raw.join('\n'),
      (raw) => /control character/.test(raw),
    )
    expect(bob.raw.join('\n')).not.toContain('\u001b')
    expect(bob.texts).toEqual([])
  })
}
