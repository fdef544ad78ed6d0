// The lab: whatever it does to a real server, its readers by poll, events and WebSocket lose nothing, get nothing twice
// and all in order, or are told of the gap.

import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Account, type LabState, parseLab } from '../src/client/lab.js'
import { type ChildServer, startChild } from './support/child.js'
import { post } from './support/http.js'
import { temporaryFolder } from './support/journal.js'
import { ask } from './support/raw.js'
import { MEASURES } from './support/retried.js'
import { startServer } from './support/server.js'

type Body = Readonly<Record<string, unknown>>

class LabServer {
  readonly server: ChildServer

  constructor(server: ChildServer) {
    this.server = server
  }

  /** By a connection of its own, like the state: one that is used again may have been cut. */
  async order(body: Body): Promise<number> {
    return (await ask(this.#port, post('/inside/lab', body))).status
  }

  async state(): Promise<LabState> {
    const state = parseLab((await ask(this.#port, { path: '/inside/lab' })).body)
    if (state === undefined) throw new Error('this is no state')
    return state
  }

  /** Waits until the state is so, through all that the lab does. */
  async until(isSo: (state: LabState) => boolean, ms = 60_000): Promise<LabState> {
    const end = performance.now() + ms
    let last: LabState | undefined
    while (performance.now() < end) {
      last = await this.state().catch(() => last)
      if (last !== undefined && isSo(last)) return last
      await sleep(50)
    }
    throw new Error(`it did not come within ${ms} ms: ${JSON.stringify(last)}`)
  }

  get #port(): number {
    return Number(new URL(this.server.url).port)
  }

  /** Ends the writing, and waits until each reader is at the end of what there is. */
  async settle(room = 'lobby'): Promise<LabState> {
    const { crowd } = await this.until(() => true)
    await this.order({ fault: 'crowd', room, readers: crowd.readers, writers: 0, rate: 0 })
    return this.until(
      ({ crowd: { some } }) => new Set(some.map(reach)).size === 1 || some.some((one) => one.restarts > 0),
    )
  }
}

/** How far a reader has come, in messages that it was given or told of. */
const reach = ({ got, missed }: Account): number => got + missed

async function startLab(args: readonly string[] = []): Promise<LabServer> {
  const server = await startChild(['--lab', '--websocket', ...args])
  onTestFinished(async () => void (await server.end('SIGTERM')))
  return new LabServer(server)
}

/** Nine readers, among them all three ways, and messages for them. */
async function startTraffic(args: readonly string[] = [], rate = 1200): Promise<LabServer> {
  const lab = await startLab(args)
  await lab.order({ fault: 'crowd', room: 'lobby', readers: 9, writers: 3, rate })
  const { crowd } = await lab.until(
    (state) => state.crowd.some.length === 9 && state.crowd.some.every(({ got }) => got > 5),
  )
  expect(new Set(crowd.some.map(({ way }) => way))).toEqual(new Set(['poll', 'events', 'websocket']))
  return lab
}

function expectNoLoss({ crowd: { some } }: LabState): void {
  for (const { name, way, lost, doubled, disordered } of some)
    expect({ name, way, lost, doubled, disordered }).toEqual({ name, way, lost: 0, doubled: 0, disordered: 0 })
}

async function saidBeyond(lab: LabServer, more: number): Promise<void> {
  const { crowd } = await lab.until(() => true)
  await lab.until((state) => state.crowd.said >= crowd.said + more)
}

describe('without the flag', () => {
  test.for([{}, { inside: true }])('there is nothing of it: %o', async (config) => {
    const { port } = await startServer(config)
    for (const path of ['/inside/lab', '/inside/lab.js', '/inside/seen']) {
      expect((await ask(port, { path })).status).toBe(404)
      expect((await ask(port, post(path, { fault: 'stop', seconds: 10 }))).status).toBe(404)
    }
    expect((await ask(port, { path: '/' })).body).not.toContain('data-lab')
  })
})

describe('who may', () => {
  test('another site’s page may not', async () => {
    const { port } = await startServer({ inside: true, lab: true })
    const evil = { Origin: 'https://evil.example' }
    for (const path of ['/inside/lab', '/inside/seen'])
      expect((await ask(port, post(path, { fault: 'drop', on: true }, evil))).status).toBe(403)
  })

  test('where there is an admin key it is shown first', async () => {
    const { port } = await startServer({ inside: true, lab: true, adminKey: 'the key' })
    const order = { fault: 'drop', on: true }
    expect((await ask(port, post('/inside/lab', order))).status).toBe(401)
    expect((await ask(port, { path: '/inside/lab' })).status).toBe(401)
    const opened = await ask(port, post('/inside/open', { key: 'the key' }))
    const cookie = (opened.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
    expect((await ask(port, post('/inside/lab', order, { Cookie: cookie }))).status).toBe(200)
  })

  test('what is no fault, or too much of one, is refused', async () => {
    const { port } = await startServer({ inside: true, lab: true })
    const wrong = [
      {},
      { fault: 'fire' },
      { fault: 'stop', seconds: 11 },
      { fault: 'delay', ms: -1 },
      { fault: 'drop', on: 'perhaps' },
      { fault: 'slow', way: 'pigeon' },
      { fault: 'crowd', room: 'lobby', readers: 1001, writers: 0, rate: 0 },
      { fault: 'restart', ring: 0 },
    ]
    for (const body of wrong) expect((await ask(port, post('/inside/lab', body))).status).toBe(400)
    // Nothing keeps this process.
    expect((await ask(port, post('/inside/lab', { fault: 'restart' }))).status).toBe(503)
  })
})

describe('on a room with polls, events and WebSockets', { timeout: 240_000 }, () => {
  test('one answer in ten is dropped, and nobody loses a message', async () => {
    const lab = await startTraffic()
    await lab.order({ fault: 'drop', on: true })
    await lab.until(({ dropped }) => dropped >= 20)
    await lab.order({ fault: 'drop', on: false })
    const state = await lab.settle()
    expectNoLoss(state)
    expect(state.crowd.total.missed).toBe(0)
  })

  test('each answer is delayed, and the order stays', async () => {
    const lab = await startTraffic()
    await lab.order({ fault: 'delay', ms: 300 })
    await saidBeyond(lab, 40)
    await lab.order({ fault: 'delay', ms: 0 })
    const state = await lab.settle()
    expectNoLoss(state)
    expect(state.crowd.total.missed).toBe(0)
  })

  test('all connections are cut, and everybody comes back', async () => {
    const lab = await startTraffic()
    for (let i = 0; i < 3; i++) {
      await lab.order({ fault: 'cut' })
      await saidBeyond(lab, 15)
    }
    const state = await lab.settle()
    expect(state.cut).toBeGreaterThanOrEqual(9)
    expectNoLoss(state)
    expect(state.crowd.total.missed).toBe(0)
  })

  test('the world stops for four seconds, and goes on where it was', async () => {
    const lab = await startTraffic()
    let last = performance.now()
    await lab.order({ fault: 'stop', seconds: 4 })
    const sinceAnswer = async (): Promise<number> => {
      await fetch(`${lab.server.url}/health`)
      const before = last
      last = performance.now()
      return last - before
    }
    await expect.poll(sinceAnswer).toBeGreaterThan(3000)
    const state = await lab.settle()
    expectNoLoss(state)
    expect(state.crowd.total.missed).toBe(0)
  })

  test('the process is killed without a store: everybody is told that the log is another', async () => {
    const lab = await startTraffic()
    await lab.order({ fault: 'restart' })
    const state = await lab.until(
      ({ restarts, crowd }) =>
        restarts === 1 && crowd.some.length === 9 && crowd.some.every((one) => one.restarts === 1),
    )
    expectNoLoss(state)
    await saidBeyond(lab, 20)
    expectNoLoss(await lab.state())
  })

  test('the process is killed with a store: what was acknowledged is there, and nobody is told of anything', async () => {
    const folder = temporaryFolder()
    const lab = await startTraffic(['--data', folder])
    await lab.order({ fault: 'restart' })
    await lab.until(({ restarts }) => restarts === 1)
    await saidBeyond(lab, 20)
    const state = await lab.settle()
    expectNoLoss(state)
    const { total } = state.crowd
    expect([total.missed, total.restarts]).toEqual([0, 0])
  })

  test.for(['poll', 'events', 'websocket'] as const)(
    'with a ring of 8 a slow %s is overrun, and told of exactly what it missed',
    async (way) => {
      const lab = await startLab()
      await lab.order({ fault: 'restart', ring: 8 })
      await lab.until(({ ring, restarts }) => ring === 8 && restarts === 1)
      // So slowly at first that nobody begins behind an overrun ring, misses nothing, and gets less than the others.
      await lab.order({ fault: 'crowd', room: 'lobby', readers: 3, writers: 2, rate: 60 })
      await lab.until(({ crowd }) => crowd.some.length === 3 && crowd.some.every(({ got }) => got > 0))
      await lab.order({ fault: 'crowd', room: 'lobby', readers: 3, writers: 2, rate: 1200 })
      await lab.order({ fault: 'slow', way })
      await lab.until(({ crowd }) => crowd.some.some((one) => one.way === way && one.missed > 0))
      await lab.order({ fault: 'slow', way: 'none' })
      const state = await lab.settle()
      expectNoLoss(state)
      const [reached] = state.crowd.some.map(reach)
      expect(state.crowd.some.map(reach)).toEqual(state.crowd.some.map(() => reached))
    },
  )

  test('a thousand readers and a thousand writers', async () => {
    const lab = await startLab()
    await lab.order({ fault: 'crowd', room: 'lobby', readers: 1000, writers: 1000, rate: 120 })
    await lab.until(({ crowd }) => crowd.readers === 1000 && crowd.total.got > 20_000, 120_000)
    await lab.order({ fault: 'cut' })
    await saidBeyond(lab, 4)
    const { crowd } = await lab.state()
    expect([crowd.total.lost, crowd.total.doubled, crowd.total.disordered, crowd.total.missed]).toEqual([0, 0, 0, 0])
  })
})

test('the race tells what each way costs', { timeout: 90_000, ...MEASURES }, async () => {
  const lab = await startLab()
  await lab.order({ fault: 'race', pace: 'busy' })
  const { race } = await lab.until(
    (state) => state.race?.phase === 'together' && state.race.lanes.every(({ p50 }) => p50 !== null),
    60_000,
  )
  const lanes = new Map((race?.lanes ?? []).map((lane) => [lane.lane, lane]))
  const [second, five, long, events] = (['poll-1', 'poll-5', 'poll', 'events'] as const).map((lane) => lanes.get(lane))
  for (const lane of lanes.values()) {
    expect([lane.counts.lost, lane.counts.doubled, lane.counts.disordered]).toEqual([0, 0, 0])
    expect(lane.cpu).toBeGreaterThanOrEqual(0)
  }
  // Who asks seldom is late, and who asks each time a message comes asks often.
  expect(second?.p50).toBeGreaterThan(10 * (long?.p50 ?? Infinity))
  expect(five?.p50).toBeGreaterThan(second?.p50 ?? Infinity)
  expect(long?.requests).toBeGreaterThan(5 * (second?.requests ?? Infinity))
  expect(events?.requests).toBeLessThan(second?.requests ?? 0)
})

describe.skipIf(process.platform !== 'linux')('the supervisor', { timeout: 90_000 }, () => {
  test('starts a server again that somebody else has killed, on the same port', async () => {
    const lab = await startLab()
    const pid = Number((await childrenOf(lab.server.pid))[0])
    process.kill(pid, 'SIGKILL')
    const state = await lab.until(({ restarts }) => restarts === 1)
    expect(state.restarts).toBe(1)
    expect(await childrenOf(lab.server.pid)).not.toContain(String(pid))
  })

  test('hands a signal on, and nothing is left behind', async () => {
    const server = await startChild(['--lab'])
    const [child = ''] = await childrenOf(server.pid)
    expect(await server.end('SIGTERM')).toBe(0)
    expect(() => process.kill(Number(child), 0)).toThrow('ESRCH')
  })

  test('a server whose supervisor is killed stops by itself', async () => {
    const server = await startChild(['--lab'])
    const [child = ''] = await childrenOf(server.pid)
    server.child.kill('SIGKILL')
    await expect.poll(() => isAlive(Number(child))).toBe(false)
  })
})

test('a page’s own counts are shown to who looks inside, and their number is bounded', async () => {
  const { port } = await startServer({ inside: true, lab: true })
  const counts = { got: 3, lost: 0, doubled: 0, disordered: 0, missed: 2, restarts: 1 }
  expect((await ask(port, post('/inside/seen', { page: 'no/page', name: 'ada', ...counts }))).status).toBe(400)
  expect((await ask(port, post('/inside/seen', { page: 'p', name: 'ada', ...counts, lost: -1 }))).status).toBe(400)
  for (let i = 0; i < 70; i++)
    expect((await ask(port, post('/inside/seen', { page: `p${i}`, name: 'ada', ...counts }))).status).toBe(204)
  const state = parseLab((await ask(port, { path: '/inside/lab' })).body)
  expect(state?.pages).toHaveLength(64)
  expect(state?.pages[0]).toEqual({ name: 'ada', way: 'page', ...counts })
})

async function childrenOf(pid: number): Promise<string[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    // Not swallowed: there is no such process.
    return false
  }
}
