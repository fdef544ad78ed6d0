// Kills a server again and again while many clients send to it, and then counts: `npm run torture` (500 times; `--
// --kills 50` for fewer). A sender repeats a message under its key until it gets a 201, as every client of ours does.
// A reader polls all the while.
//
// With `--redis` or `--postgres` two servers keep their messages in one Redis (appendfsync always) or one PostgreSQL,
// and that is killed.
//
//     start ──> senders send, a reader polls ──> kill -9 ──> start ──> … ──> read all there is
//
//     lost       acknowledged, and not there under the id in the answer
//     doubled    there twice, or read twice
//     disorder   a sender's later message stands before an earlier one, an id is missing, or the epoch changed
//
// With `-- --power` it takes the power from the server's disk instead of killing the server: see power.ts.

import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { cutPower } from './power.js'
import { type ChildServer, startChild } from './support/child.js'
import { startPostgres } from './support/postgres-server.js'
import { type RedisServer, startRedis } from './support/redis-server.js'

export type Tortured = {
  readonly kills: number
  readonly acknowledged: number
  readonly resent: number
  readonly replayed: number
  readonly read: number
  readonly lost: number
  readonly doubled: number
  readonly disorder: number
}

export type TortureOptions = {
  readonly kills: number
  readonly senders: number
  /** The longest that a server lives, in milliseconds. */
  readonly lifeMs: number
  readonly sync: string
  /** Kills this store, with two servers on it. */
  readonly store?: 'redis' | 'postgres'
  readonly onKill?: (kill: number) => void
}

const ROOMS = ['lobby', 'den', 'attic']
const PAGE = 500
/** How long a life is waited for in which a message is acknowledged. */
const LEAST_MS = 10_000

type Line = { readonly id: number; readonly text: string }
type Acknowledged = Line & { readonly room: string }

/** Where the server is now; clients go on while it is away. */
type House = { servers: ChildServer[]; readonly agent: Agent; over: boolean }

export async function torture(options: TortureOptions): Promise<Tortured> {
  const { kills, senders, lifeMs, onKill } = options
  const folder = mkdtempSync(join(tmpdir(), 'mini-chat-torture-'))
  const house: House = {
    servers: [],
    agent: new Agent({ keepAlive: true, maxSockets: senders + 8 }),
    over: false,
  }
  const victim = victimOf(options, house, folder)
  const tally = { resent: 0, replayed: 0 }
  const acknowledged: Acknowledged[] = []
  try {
    await victim.start()
    const people = Array.from({ length: senders }, (_, sender) => send(house, sender, acknowledged, tally))
    const reading = read(house)
    for (let count = 1; count <= kills; count++) {
      const before = acknowledged.length
      await sleep(Math.random() * lifeMs)
      // A life in which nothing is kept shows nothing: on a slow machine it lasts until a sender has been answered.
      for (let ms = 0; acknowledged.length === before && ms < LEAST_MS; ms += 5) await sleep(5)
      await victim.kill()
      onKill?.(count)
    }
    house.over = true
    await Promise.all(people)
    const seen = await reading
    const kept = await readAll(house)
    return { kills, acknowledged: acknowledged.length, ...tally, read: seen.length, ...judge(kept, acknowledged, seen) }
  } finally {
    house.over = true
    await victim.end()
    house.agent.destroy()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is killed again and again. `kill` starts it again as well. */
type Victim = { start(): Promise<void>; kill(): Promise<void>; end(): Promise<void> }

const SETTINGS = ['--rate', 'off']

function serverVictim(house: House, folder: string, sync: string): Victim {
  const data = ['--data', join(folder, 'chat'), '--sync', sync, '--keep-bytes', '256mb', '--ring', '2000']
  const start = async (): Promise<void> => {
    house.servers = [await startChild([...data, ...SETTINGS])]
  }
  const end = async (): Promise<void> => {
    const ending = house.servers
    house.servers = []
    await Promise.all(ending.map((server) => server.end('SIGKILL')))
  }
  return {
    start,
    end,
    async kill() {
      await end()
      await start()
    },
  }
}

function victimOf({ store, sync }: TortureOptions, house: House, folder: string): Victim {
  if (store === 'redis')
    return storeVictim(house, '--redis', () => startRedis(['--appendonly', 'yes', '--appendfsync', 'always']))
  if (store === 'postgres') return storeVictim(house, '--postgres', () => startPostgres())
  return serverVictim(house, folder, sync)
}

type StoreServer = Pick<RedisServer, 'url' | 'start' | 'stop' | 'close'>

function storeVictim(house: House, flag: string, open: () => Promise<StoreServer>): Victim {
  let store: StoreServer | undefined
  return {
    async start() {
      const started = (store = await open())
      const server = (): Promise<ChildServer> => startChild([flag, started.url, '--ring', '100000', ...SETTINGS])
      house.servers = await Promise.all([server(), server()])
    },
    async kill() {
      await store?.stop()
      await store?.start()
    },
    async end() {
      await Promise.all(house.servers.map((server) => server.end('SIGKILL')))
      await store?.close()
    },
  }
}

/** Sends one message after the other, each until it is acknowledged. */
async function send(
  house: House,
  sender: number,
  acknowledged: Acknowledged[],
  tally: { resent: number; replayed: number },
): Promise<void> {
  for (let n = 0; !house.over; n++) {
    const room = ROOMS[(sender + n) % ROOMS.length] ?? 'lobby'
    const text = `${sender}.${n}`
    for (let tries = 0; ; tries++) {
      const answer = await ask(house, 'POST', `/send?room=${room}&username=user${sender}&key=k${sender}-${n}`, text)
      if (answer?.status === 201) {
        if (answer.replayed) tally.replayed++
        const { message }: { message: Line } = JSON.parse(answer.body)
        acknowledged.push({ room, id: message.id, text: message.text })
        break
      }
      tally.resent++
      await sleep(5)
    }
  }
}

/** Polls one room, and keeps what it was told. */
async function read(house: House): Promise<Line[]> {
  const seen: Line[] = []
  let next = '0'
  for (;;) {
    const isLast = house.over
    const answer = await ask(house, 'GET', `/poll?room=${ROOMS[0]}&since=${next}&wait=1`)
    if (answer?.status === 200) {
      const poll: { messages: Line[]; next: string } = JSON.parse(answer.body)
      seen.push(...poll.messages)
      next = poll.next
    } else await sleep(5)
    if (isLast) return seen
  }
}

type Room = { readonly room: string; readonly epochs: Set<string>; readonly lines: Line[] }

async function readAll(house: House): Promise<Room[]> {
  const rooms: Room[] = []
  for (const room of ROOMS) {
    const [lines, epochs]: [Line[], Set<string>] = [[], new Set()]
    let refused = 0
    for (let more = true; more;) {
      const answer = await ask(house, 'GET', `/history?room=${room}&after=${lines.at(-1)?.id ?? 0}&limit=${PAGE}`)
      // One of several servers may just be about to be back.
      if (answer?.status === 503 && ++refused < 1000) {
        await sleep(10)
        continue
      }
      if (answer?.status !== 200) throw new Error(`history answered ${answer?.status ?? 'nothing'}`)
      const page: { messages: Line[]; epoch: string; more: boolean } = JSON.parse(answer.body)
      lines.push(...page.messages)
      epochs.add(page.epoch)
      more = page.more
    }
    rooms.push({ room, epochs, lines })
  }
  return rooms
}

function judge(
  rooms: readonly Room[],
  acknowledged: readonly Acknowledged[],
  seen: readonly Line[],
): Pick<Tortured, 'lost' | 'doubled' | 'disorder'> {
  let [lost, doubled, disorder] = [0, 0, 0]
  const texts = new Map<string, string>()
  for (const { room, lines, epochs } of rooms) {
    disorder += epochs.size - 1
    const newest = new Map<string, number>()
    for (const [i, { id, text }] of lines.entries()) {
      const [sender = '', n = ''] = text.split('.')
      if (id !== i + 1 || Number(n) <= (newest.get(sender) ?? -1)) disorder++
      newest.set(sender, Number(n))
      if (texts.has(text)) doubled++
      texts.set(text, `${room} ${id}`)
    }
  }
  for (const { room, id, text } of acknowledged) if (texts.get(text) !== `${room} ${id}`) lost++
  for (const [i, { id }] of seen.entries()) {
    const before = seen[i - 1]?.id ?? 0
    if (id <= before) doubled++
    else if (id !== before + 1) lost++
  }
  return { lost, doubled, disorder }
}

type Answer = { readonly status: number; readonly replayed: boolean; readonly body: string }

/** Asks the server there is; undefined where there is none, or it died before it answered. */
function ask({ servers, agent }: House, method: string, path: string, body = ''): Promise<Answer | undefined> {
  const server = servers[Math.floor(Math.random() * servers.length)]
  if (server === undefined) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const headers = { 'Content-Length': Buffer.byteLength(body) }
    const asking = request(`${server.url}${path}`, { method, agent, headers, timeout: 10_000 }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      response.on('close', () => {
        const { statusCode = 0, complete } = response
        resolve(
          complete
            ? { status: statusCode, replayed: response.headers['idempotency-replayed'] === 'true', body: text }
            : undefined,
        )
      })
    })
    asking.on('timeout', () => asking.destroy())
    asking.on('error', () => resolve(undefined))
    asking.end(body)
  })
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    // `--power` alone means 3,000 cuts.
    args: process.argv
      .slice(2)
      .flatMap((arg, i, all) => (arg === '--power' && !/^\d/.test(all[i + 1] ?? '') ? ['--power', '3000'] : [arg])),
    options: {
      power: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      kills: { type: 'string', default: '500' },
      senders: { type: 'string', default: '16' },
      life: { type: 'string', default: '400' },
      sync: { type: 'string', default: 'always' },
      redis: { type: 'boolean', default: false },
      postgres: { type: 'boolean', default: false },
    },
  })
  if (values.power !== undefined) {
    const onCut = (cut: number): void => void (cut % 250 === 0 && process.stderr.write(`  ${cut} cuts\n`))
    const cut = await cutPower({ cuts: Number(values.power), seed: Number(values.seed), onCut })
    process.stdout.write(`${JSON.stringify(cut, null, 2)}\n`)
    process.exitCode = cut.refused + cut.lost + cut.changed + cut.disorder === 0 ? 0 : 1
    return
  }
  const onKill = (kill: number): void => void (kill % 50 === 0 && process.stderr.write(`  ${kill} kills\n`))
  const result = await torture({
    kills: Number(values.kills),
    senders: Number(values.senders),
    lifeMs: Number(values.life),
    sync: values.sync,
    ...(values.redis ? { store: 'redis' } : values.postgres ? { store: 'postgres' } : {}),
    onKill,
  })
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  process.exitCode = result.lost + result.doubled + result.disorder === 0 ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
