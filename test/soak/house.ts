// The surroundings of a soak: instances of the program on one store, nginx in front of them, and what is done to all
// of them.

import { setTimeout as sleep } from 'node:timers/promises'
import { NGINX, openBalancer } from '../support/balancer-server.js'
import { freePort } from '../support/port.js'
import { type ChildServer, startChild } from '../support/child.js'
import { parse } from '../support/http.js'
import { type PostgresServer, startPostgres } from '../support/postgres-server.js'
import { ask } from '../support/raw.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'

export type StoreName = 'redis' | 'postgres' | 'both'

export type Instance = { readonly port: number; readonly tcpPort: number; server: ChildServer | undefined }

export type House = {
  /** Of nginx. */
  readonly port: number
  readonly instances: readonly Instance[]
  readonly redis: RedisServer | undefined
  readonly postgres: PostgresServer | undefined
  /** What instances said of bugs, and how they ended if not well. */
  readonly bugs: string[]
  /** Ends an instance as a deployment does, and starts it again. */
  roll(index: number): Promise<void>
  close(): Promise<void>
}

const READY_MS = 60_000

/** A server that is pressed to its limits says of such lines alone that something is wrong in it. */
const BUG = /"event":"(?:bug|internal|uncaught|store|directory|restore)"/

export async function openHouse(count: number, store: StoreName, ring: number): Promise<House> {
  const redis = store === 'postgres' ? undefined : await startRedis(['--appendonly', 'yes'])
  const postgres = store === 'redis' ? undefined : await startPostgres()
  const stores = [
    ...(redis === undefined ? [] : ['--redis', redis.url]),
    ...(postgres === undefined ? [] : ['--postgres', postgres.url]),
  ]
  const bugs: string[] = []
  const instances: Instance[] = []
  for (let i = 0; i < count; i++)
    instances.push({ port: await freePort(), tcpPort: await freePort(), server: undefined })

  async function start(instance: Instance): Promise<void> {
    const { port, tcpPort } = instance
    const ways = ['--port', String(port), '--tcp', String(tcpPort), '--websocket', '--socketio']
    const end = performance.now() + READY_MS
    for (;;) {
      try {
        // One that starts while its store is away ends, and is started again, as a container is.
        instance.server = await startChild([
          ...stores,
          ...ways,
          '--trust-proxy',
          '1',
          '--ring',
          String(ring),
          '--keep',
          '1d',
        ])
        break
      } catch (error) {
        if (!String(error).startsWith('Error: it ended')) bugs.push(`it did not start: ${String(error)}`)
        if (performance.now() > end) throw error
        await sleep(250)
      }
    }
    while ((await ask(port, { path: '/ready' }).catch(() => undefined))?.status !== 200) {
      if (performance.now() > end) throw new Error('an instance was not ready in time')
      await sleep(20)
    }
  }
  async function end({ server }: Instance): Promise<void> {
    const code = await server?.end('SIGTERM')
    const output = server?.output() ?? ''
    if (server !== undefined && code !== 0) bugs.push(`it ended with ${code}: ${output.slice(-500)}`)
    bugs.push(...output.split('\n').filter((line) => BUG.test(line)))
  }
  async function roll(index: number): Promise<void> {
    const instance = instances[index]
    if (instance === undefined) return
    await end(instance)
    await start(instance)
  }
  async function closeStores(): Promise<void> {
    await Promise.all([redis?.close(), postgres?.close()])
  }
  try {
    await Promise.all(instances.map(start))
    const nginx = await openBalancer(
      NGINX,
      instances.map(({ port }) => port),
    )
    let closed: Promise<void> | undefined
    const close = (): Promise<void> =>
      (closed ??= (async () => {
        await Promise.all(instances.map(end))
        await nginx.close()
        await closeStores()
      })())
    return { port: nginx.port, instances, redis, postgres, bugs, roll, close }
  } catch (error) {
    await Promise.all(instances.map(async ({ server }) => server?.end('SIGKILL')))
    await closeStores()
    throw error
  }
}

export type Faults = { pubsubKilled: number; backendsEnded: number; redisStopped: number }

export type FaultOptions = {
  /** Are the stores left alone? */
  readonly calm: boolean
  /** How long Redis is stopped, once the soak is halfway. */
  readonly pauseMs: number
  readonly isHalfway: () => boolean
}

const [KILL_EVERY_MS, END_EVERY_MS, LOOK_EVERY_MS] = [100, 250, 100]

/** Does harm to the stores until the undo, which resolves with what was done. */
export function startFaults(
  { redis, postgres }: House,
  chance: () => number,
  { calm, pauseMs, isHalfway }: FaultOptions,
): () => Promise<Faults> {
  const done: Faults = { pubsubKilled: 0, backendsEnded: 0, redisStopped: 0 }
  const over = new AbortController()
  const wait = (ms: number): Promise<void> => sleep(ms, undefined, { signal: over.signal }).catch(() => undefined)
  const again = async (everyMs: number, act: () => Promise<void>): Promise<void> => {
    while (!over.signal.aborted) {
      // What is stopped or busy does not answer: the next time comes.
      await act().catch(() => undefined)
      await wait(everyMs)
    }
  }
  const running: Promise<void>[] = []
  if (redis !== undefined && !calm) {
    running.push(
      again(KILL_EVERY_MS, async () => {
        done.pubsubKilled += Number(await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub'))
      }),
      again(LOOK_EVERY_MS, async () => {
        if (done.redisStopped > 0 || !isHalfway()) return
        done.redisStopped++
        process.kill(redis.pid(), 'SIGSTOP')
        await wait(pauseMs)
        process.kill(redis.pid(), 'SIGCONT')
      }),
    )
  }
  if (postgres !== undefined && !calm)
    running.push(
      again(END_EVERY_MS, async () => {
        const ended = await postgres.query(
          `select pg_terminate_backend(pid) from (select pid from pg_stat_activity
            where application_name = 'mini-chat' order by md5(pid::text || $1) limit 1) one`,
          [String(chance())],
        )
        done.backendsEnded += ended.length
      }),
    )
  return async () => {
    over.abort()
    await Promise.all(running)
    return done
  }
}

/** The lobby's whole log, as one instance tells it. */
export async function readLog(port: number) {
  const epochs = new Set<string>()
  const messages: { id: number; type: string; text: string }[] = []
  for (let more = true; more;) {
    const answer = await ask(port, { path: `/history?room=lobby&after=${messages.at(-1)?.id ?? 0}&limit=500` })
    if (answer.status === 503) {
      await sleep(100)
      continue
    }
    const page = parse<{ epoch: string; messages: typeof messages; more: boolean }>(answer)
    epochs.add(page.epoch)
    messages.push(...page.messages)
    more = page.more
  }
  return { epochs, messages }
}
