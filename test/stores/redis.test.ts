import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { UsageError } from '../../src/flags.js'
import { freePort } from '../support/port.js'
import { makeCertificate } from '../support/certificate.js'
import { startChild } from '../support/child.js'
import type { Said } from '../support/journal.js'
import { needs } from '../support/needs.js'
import { startProxy } from '../support/proxy.js'
import { startServer, until } from '../support/server.js'
import { hasRedis, redisForTest, storeIn } from '../support/redis.js'
import { REDIS_PROGRAMS, type RedisServer, startRedis } from '../support/redis-server.js'
import { draft, storeContract } from './contract.js'

/** One that the machine lets wait for a second has not gone. */
const CLUSTER = ['--cluster-enabled', 'yes', '--cluster-require-full-coverage', 'no', '--cluster-node-timeout', '5000']
/** Where the slots of each server begin, and where they end. */
const SLOTS = [0, 5461, 10_923, 16_384]

describe.each(REDIS_PROGRAMS)('%s', (program) => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis([], program)
  })
  afterAll(() => server.close())

  storeContract(program, async (recent) => {
    await server.command('FLUSHALL')
    return storeIn(server.url, { recent })
  })
})

describe.skipIf(!hasRedis)('redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.close())

  test('a room keeps its newest messages, and no more', async () => {
    const one = await redisForTest()
    const store = await storeIn(one.url, { recent: 4 })
    for (let i = 1; i <= 10; i++) await store.append('lobby', draft(`text ${i}`))
    const { messages, first, last, more } = await store.read('lobby', { limit: 500 })
    expect([messages.map(({ id }) => id), first, last, more]).toEqual([[7, 8, 9, 10], 7, 10, false])
  })

  test('a message that was taken out is gone from Redis itself, and given as removed by every process', async () => {
    const one = await redisForTest()
    const [here, there] = [await storeIn(one.url), await storeIn(one.url)]
    await here.append('lobby', draft('a rude word'))
    const { key: _, ...order } = { ...draft('removed'), type: 'delete', of: 1 }
    await here.append('lobby', order)
    await there.append('lobby', { ...draft('next'), key: 'c_2' })
    const { messages } = await there.read('lobby', { limit: 9 })
    expect(messages.map(({ id, type, text }) => [id, type, text])).toEqual([
      [1, 'removed', 'removed'],
      [2, 'delete', 'removed'],
      [3, 'chat', 'next'],
    ])
    const all = await one.command('XRANGE', 'mini-chat:{lobby}:log', '-', '+')
    expect(JSON.stringify([all, await one.command('ZRANGE', 'mini-chat:{lobby}:removed', '0', '-1')])).not.toContain(
      'rude',
    )
  })

  test('with a time to keep, what is older goes with the next message, and the newest stays', async () => {
    const one = await redisForTest()
    const store = await storeIn(one.url, { keepMs: 60_000, recent: 2 })
    const now = Date.now()
    for (const age of [90_000, 70_000, 30_000, 0])
      await store.append('lobby', { ...draft(`${age} old`), timestamp: now - age })
    const { messages, first } = await store.read('lobby', { limit: 9 })
    expect([messages.map(({ text }) => text), first]).toEqual([['30000 old', '0 old'], 3])
  })

  test('with an expiry an idle room goes whole, and comes back with another epoch', async () => {
    const one = await redisForTest()
    const store = await storeIn(one.url, { expireMs: 60_000 })
    await store.append('lobby', draft('a'))
    const { epoch } = await store.read('lobby', { limit: 1 })
    for (const part of ['log', 'meta'])
      expect(await one.command('PTTL', `mini-chat:{lobby}:${part}`)).toBeGreaterThan(0)
    for (const part of ['log', 'meta']) await one.command('PEXPIRE', `mini-chat:{lobby}:${part}`, '0')
    expect((await store.read('lobby', { limit: 1 })).last).toBe(0)
    expect((await store.append('lobby', { ...draft('b'), key: 'c_2' })).message.id).toBe(1)
    expect((await store.read('lobby', { limit: 1 })).epoch).not.toBe(epoch)
    // Who does without an expiry again keeps what there is.
    await (await storeIn(one.url)).append('lobby', { ...draft('c'), key: 'c_3' })
    expect(await one.command('PTTL', 'mini-chat:{lobby}:log')).toBe(-1)
  })

  test('a start brings back the rooms, the one with the newest message first', async () => {
    const one = await redisForTest()
    const store = await storeIn(one.url)
    for (const room of ['den', 'lobby', 'attic']) {
      await store.append(room, draft('hi', room))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await until(() => store.ready(), Boolean)
    expect((await storeIn(one.url, { rooms: 2 })).rooms()).toEqual(['attic', 'lobby'])
  })

  test('all keys of a room are in one slot of a cluster, and a cluster of one server serves', async () => {
    const one = await redisForTest(['--cluster-enabled', 'yes'])
    await one.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    for (let ok = ''; !ok.includes('cluster_state:ok');) ok = String(await one.command('CLUSTER', 'INFO'))
    const store = await storeIn(one.url)
    await store.subscribe('lobby', () => undefined)
    expect((await store.append('lobby', draft('hi'))).message.id).toBe(1)
    const keys = (await one.command('KEYS', 'mini-chat:{*')) as string[]
    const slots = await Promise.all(keys.map((key) => one.command('CLUSTER', 'KEYSLOT', key)))
    expect([keys.length, new Set(slots).size]).toEqual([3, 1])
  })

  test('a cluster of three serves its rooms, wherever they are, to every process', async () => {
    const nodes = await startCluster()
    const [one, other] = [await storeIn(nodes[0]?.url ?? ''), await storeIn(nodes[2]?.url ?? '')]
    const heard: string[] = []
    const rooms = ['a', 'b', 'c', 'd', 'e', 'f']
    for (const room of rooms) await other.subscribe(room, (message) => heard.push(`${message.room}${message.id}`))
    for (const room of rooms) await one.append(room, draft('hi', room))
    await until(
      () => heard.length,
      (length) => length === rooms.length,
    )
    expect(heard.toSorted()).toEqual(rooms.map((room) => `${room}1`))
    const kept = await Promise.all(nodes.map((node) => node.command('DBSIZE')))
    expect(kept.every((size) => Number(size) > 0)).toBe(true)
  })

  test('a cluster that lost a server refuses what that one has, serves the rest, and is whole again when it is back', async () => {
    const nodes = await startCluster()
    const store = await storeIn(nodes[0]?.url ?? '')
    const rooms = Array.from('abcdefghijkl')
    for (const room of rooms) await store.subscribe(room, () => undefined)
    const say = async (room: string): Promise<boolean> =>
      store.append(room, draft('again', room)).then(
        () => true,
        () => false,
      )
    const sayAll = (): Promise<boolean[]> => Promise.all(rooms.map(say))
    const slotOf = async (room: string): Promise<number> => Number(await nodes[0]?.command('CLUSTER', 'KEYSLOT', room))
    const isServed = (await Promise.all(rooms.map(slotOf))).map((slot) => slot < (SLOTS[2] ?? 0))
    expect(new Set(isServed)).toEqual(new Set([true, false]))
    await nodes[2]?.stop()
    await expect.poll(sayAll, { interval: 100 }).toEqual(isServed)
    expect(store.ready()).toBe(true)
    await nodes[2]?.start()
    await expect.poll(sayAll, { interval: 100 }).not.toContain(false)
  }, 60_000)

  test('one that has no memory left is full, and takes messages again when it has', async () => {
    const one = await redisForTest()
    const store = await storeIn(one.url)
    await one.command('CONFIG', 'SET', 'maxmemory', '1')
    await expect(store.append('lobby', draft('a'))).rejects.toMatchObject({ code: 'full', retryAfter: 60 })
    await one.command('CONFIG', 'SET', 'maxmemory', '0')
    expect((await store.append('lobby', draft('b'))).message.id).toBe(1)
  })

  test('says in one line that a Redis keeps nothing on disk, and nothing where it does', async () => {
    const said: Said[][] = [[], []]
    for (const [i, how] of ['no', 'yes'].entries())
      await storeIn((await redisForTest(['--appendonly', how])).url, {}, said[i])
    expect(said).toEqual([[{ event: 'redis', warning: expect.stringContaining('keeps nothing on disk') }], []])
  })
})

describe.skipIf(!hasRedis || !needs('openssl', 'openssl'))('a Redis with TLS', () => {
  test('serves where its authority is known, and is refused in one sentence where it is not', async () => {
    const { authority, certificate, key } = makeCertificate()
    const tlsPort = await freePort()
    const tls = ['--tls-port', String(tlsPort), '--tls-cert-file', certificate, '--tls-key-file', key]
    await redisForTest([...tls, '--tls-ca-cert-file', authority, '--tls-auth-clients', 'no'])
    const args = ['--redis', `rediss://127.0.0.1:${tlsPort}`]
    await expect(startChild(args)).rejects.toThrow(
      /the certificate of the Redis at "127\.0\.0\.1:\d+" is not trusted \([A-Z_]+\): set NODE_EXTRA_CA_CERTS to the file of its authority/,
    )
    const server = await startChild(args, ['env', `NODE_EXTRA_CA_CERTS=${authority}`])
    onTestFinished(async () => void (await server.end('SIGKILL')))
    const sent = await fetch(`${server.url}/send?room=lobby&username=ada`, { method: 'POST', body: 'hi' })
    expect(sent.status).toBe(201)
  })
})

describe.skipIf(!hasRedis)('a Redis that cannot be used says why in one sentence', () => {
  const why = async (url: string): Promise<string> =>
    storeIn(url).then(
      () => 'it opened',
      (error: unknown) => (error instanceof UsageError ? 'usage' : error instanceof Error ? error.message : 'no error'),
    )

  test('nobody is there', async () => {
    expect(await why('redis://127.0.0.1:1')).toBe(
      'no Redis answers at "127.0.0.1:1" (ECONNREFUSED): start it, or give its address with --redis',
    )
  })

  test('the password is wrong, or missing, or too much; it is never said', async () => {
    const locked = await redisForTest(['--requirepass', 'sesame'])
    for (const login of ['', ':wrong@', 'eve:wrong@']) {
      const said = await why(`redis://${login}127.0.0.1:${locked.port}`)
      expect(said).toMatch(/^the Redis at "127\.0\.0\.1:\d+" refuses the password: write it as /)
      expect(said).not.toContain('wrong')
    }
    expect(await why(`redis://:sesame@127.0.0.1:${locked.port}`)).toBe('it opened')
    const open = await redisForTest()
    expect(await why(`redis://:sesame@127.0.0.1:${open.port}`)).toContain('has no password')
  })

  test('it is too old', async () => {
    const one = await redisForTest()
    const version = /redis_version:(\d\.\d)/.exec(String(await one.command('INFO', 'server')))?.[1] ?? ''
    const age = (chunk: Buffer): Buffer =>
      Buffer.from(chunk.toString('latin1').replaceAll(`redis_version:${version}`, 'redis_version:5.0'), 'latin1')
    const { port } = await startProxy(one.port, { change: age })
    expect(await why(`redis://127.0.0.1:${port}`)).toMatch(/ is version 5\.0\.\d+: it has to be 6\.2 or newer$/)
  })

  test('it is a replica', async () => {
    const primary = await redisForTest()
    const replica = await redisForTest(['--replicaof', '127.0.0.1', String(primary.port)])
    expect(await why(replica.url)).toMatch(/ is a replica, which takes no messages: give the address of its primary$/)
  })

  test('it has no such database', async () => {
    const one = await redisForTest()
    expect(await why(`${one.url}/99`)).toContain('has no such database')
  })

  test('its rooms cannot be read: nothing stays open, so that the program ends', async () => {
    const one = await redisForTest()
    await one.command('ZADD', 'mini-chat:rooms', '1', 'lobby')
    await one.command('SET', 'mini-chat:{lobby}:meta', 'no hash')
    await expect(startServer({ redis: one.url })).rejects.toThrow(/WRONGTYPE/)
    expect(String(await one.command('CLIENT', 'LIST'))).not.toContain('name=mini-chat')
  })
})

/** Three servers that share the slots, and serve theirs while another one is away. */
async function startCluster(): Promise<RedisServer[]> {
  const nodes = await Promise.all([1, 2, 3].map(() => redisForTest(CLUSTER)))
  for (const [i, node] of nodes.entries()) {
    await node.command('CLUSTER', 'ADDSLOTSRANGE', String(SLOTS[i]), String((SLOTS[i + 1] ?? 0) - 1))
    await nodes[0]?.command('CLUSTER', 'MEET', '127.0.0.1', String(node.port))
  }
  for (const node of nodes)
    while (!/cluster_state:ok[^]*cluster_known_nodes:3/.test(String(await node.command('CLUSTER', 'INFO'))))
      await new Promise((resolve) => setTimeout(resolve, 50))
  return nodes
}
