// A reader by every way in that goes to sleep with its connection open, while 50 MB pass. It must cost the others
// nothing and the server little, and is told what it missed when it wakes.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { p99 } from '../abuse/people.js'
import { startChild } from '../support/child.js'
import { send } from '../support/http.js'
import { startProxy, type Proxy } from '../support/proxy.js'
import { MEASURES } from '../support/retried.js'
import { until } from '../support/server.js'
import { SOCKETIO_FULL, WEBSOCKET } from '../support/sockets.js'
import { type WayIn, LINES, SSE, type Visit } from '../support/visits.js'

const WAYS_IN = [SSE, LINES, WEBSOCKET, SOCKETIO_FULL]
const TEXT = 'x'.repeat(3990)
const MB = 1e6
const COUNT = Math.ceil((50 * MB) / TEXT.length)
/** First the ring is filled, and the machine warm: what grows then, grows because of the sleepers. */
const WARM = 1500

type Server = { readonly port: number; readonly tcpPort: number; readonly rss: () => Promise<number> }

async function start(): Promise<Server> {
  const child = await startChild(['--tcp', '0', '--websocket', '--socketio', '--rate', 'off', '--rate', 'off'])
  onTestFinished(async () => void (await child.end('SIGTERM')))
  const { url } = child
  const port = Number(new URL(url).port)
  const tcpPort = Number(/"tcp":(\d+)/.exec(child.output())?.[1])
  const rss = async (): Promise<number> => Number(/"rss":(\d+)/.exec(await (await fetch(`${url}/stats`)).text())?.[1])
  return { port, tcpPort, rss }
}

const portOf = (server: Server, way: WayIn): number => (way.transport === 'lines' ? server.tcpPort : server.port)

async function sleepers(server: Server): Promise<{ visit: Visit; proxy: Proxy }[]> {
  return Promise.all(
    WAYS_IN.map(async (way) => {
      const proxy = await startProxy(portOf(server, way))
      const visit = await way.open(proxy.port, 'lobby', `asleep-${way.transport}`)
      onTestFinished(() => visit.close())
      proxy.hold()
      return { visit, proxy }
    }),
  )
}

/** Readers that are awake, and how long each message took to each of them. */
async function awake(server: Server, sentAt: readonly number[]): Promise<{ visits: Visit[]; delays: number[] }> {
  const delays: number[] = []
  const visits = await Promise.all(
    WAYS_IN.map((way) => way.open(portOf(server, way), 'lobby', `awake-${way.transport}`)),
  )
  for (const visit of visits) {
    visit.onText = (text) => void delays.push(performance.now() - (sentAt[Number.parseInt(text, 10)] ?? NaN))
    onTestFinished(() => visit.close())
  }
  return { visits, delays }
}

/** Lets so many messages pass; answers the most memory that the server had meanwhile. */
async function pass(server: Server, sentAt: number[], count: number): Promise<number> {
  let most = 0
  for (let i = 0; i < count; i++) {
    const text = `${sentAt.push(performance.now()) - 1} ${TEXT}`
    await send(server.port, 'lobby', 'bob', text)
    if (i % 100 === 0) most = Math.max(most, await server.rss())
    if (i % 4 === 0) await sleep(1)
  }
  return most
}

test(
  'readers that stall cost little memory, hold up nobody, and are told what they missed',
  { ...MEASURES, timeout: 180_000 },
  async () => {
    const server = await start()
    const sentAt: number[] = []
    const { visits, delays } = await awake(server, sentAt)
    await pass(server, sentAt, WARM)
    const calm = p99(delays)
    const stalled = await sleepers(server)
    const before = await server.rss()
    const most = await pass(server, sentAt, COUNT)
    await until(
      () => visits.every(({ texts }) => texts.length === WARM + COUNT),
      (isAll) => isAll,
    )
    const late = p99(delays)
    process.stdout.write(
      `  stalled: memory grew by ${Math.round((most - before) / MB)} MB, p99 of the others ${Math.round(late)} ms, of all before ${Math.round(calm)} ms\n`,
    )
    for (const { proxy } of stalled) proxy.release()
    await until(
      () =>
        stalled.map(({ visit }) => visit.isClosed || (visit.missed > 0 && visit.missed + visit.texts.length > COUNT)),
      (told) => !told.includes(false),
      20_000,
    )
    expect(most - before).toBeLessThan(60 * MB)
    expect(late).toBeLessThan(Math.max(100, 4 * calm))
  },
)
