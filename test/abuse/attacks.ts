// The attacks of `npm run abuse`, each as one machine can do it: many connections, and on each a request, its answer,
// a pause, and the next. It runs in a process of its own, so that it does not hold up the people who are measured.
//
//     node dist/test/abuse/attacks.js NAME PORT SECONDS CONNECTIONS PAUSE_MS

import { connect, type Socket } from 'node:net'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { ask, head } from '../support/raw.js'
import { join, post, send } from '../support/http.js'

export type Attack = {
  readonly name: string
  /** What the server is started with. */
  readonly args?: readonly string[]
  /** Its limit of file descriptors. */
  readonly descriptors?: number
  /** It keeps its messages in a folder. */
  readonly isKept?: boolean
  /** Makes what is attacked; answers what connection `i` writes the `n`th time. */
  readonly prepare: (port: number) => Promise<(i: number, n: number) => string>
  /** Does it read its answers? Without, it hangs up after a while and begins anew. */
  readonly isRead?: boolean
  /** Hangs up as soon as an answer begins. */
  readonly isCut?: boolean
}

const LONG = '😀'.repeat(3900)

function json(path: string, value: unknown, headers: Record<string, string> = {}): string {
  const request = post(path, value, headers)
  return head(request) + String(request.body)
}

/** A message in chunks, with the one that ends it. */
const chunked = (chunks: string): string =>
  `${head({ method: 'POST', path: '/send?room=a&username=u', headers: { 'Transfer-Encoding': 'chunked' } })}${chunks}0\r\n\r\n`

const get = (path: string, headers: Record<string, string> = {}): string => head({ path, headers })

/** Rooms that are full of long messages. */
async function fill(port: number, rooms: number): Promise<void> {
  for (let room = 0; room < rooms; room++) {
    for (let i = 0; i < 500; i += 20)
      await Promise.all(Array.from({ length: 20 }, () => send(port, `big${room}`, 'u', LONG)))
  }
}

const names = (count: number, prefix: string): string =>
  Array.from({ length: count }, (_, i) => `room=${prefix}${i}`).join('&')

const always =
  (text: string): Attack['prepare'] =>
  async () =>
  () =>
    text

export const ATTACKS: readonly Attack[] = [
  {
    name: 'names of 60,000 characters',
    prepare: always(json('/send', { room: 'a', username: `a${' '.repeat(60_000)}b`, text: 'hi' })),
  },
  {
    name: 'combining marks',
    prepare: always(
      json('/send', { room: 'a', username: 'u', text: '\u0301'.repeat(16_000) + '\u0316'.repeat(14_000) }),
    ),
  },
  {
    name: 'bodies in chunks of one byte',
    prepare: always(chunked('1\r\nx\r\n'.repeat(10_000))),
  },
  {
    name: 'bodies without an end',
    isRead: false,
    prepare: always(chunked(`e000\r\n${'x'.repeat(0xe000)}\r\n`).slice(0, -5)),
  },
  {
    name: 'large histories, unread',
    isRead: false,
    prepare: async (port) => {
      await fill(port, 1)
      return () => get('/history?room=big0&limit=500')
    },
  },
  {
    name: 'large polls, unread',
    isRead: false,
    prepare: async (port) => {
      await fill(port, 4)
      return () => get(`/poll?${names(4, 'big')}&since=`)
    },
  },
  {
    name: 'event streams from everywhere',
    isCut: true,
    prepare: async (port) => {
      await fill(port, 1)
      const { next } = JSON.parse((await send(port, 'big0', 'u', 'hi')).body)
      const epoch = String(next).split('.')[0]
      return (i, n) => get(`/events?room=big0&since=${epoch}.${1_000_000 + i * 10_000 + n}`)
    },
  },
  {
    name: 'pipelines, unread',
    isRead: false,
    prepare: async (port) => {
      await fill(port, 1)
      return () => get('/poll?room=big0').repeat(3) + get('/health').repeat(300)
    },
  },
  {
    name: 'polls of more rooms than fit',
    args: ['--rooms', '10'],
    isKept: true,
    prepare: async (port) => {
      for (let i = 0; i < 16; i++) await send(port, `many${i}`, 'u', 'hi')
      return () => get(`/poll?${names(16, 'many')}&wait=0`)
    },
  },
  {
    name: 'a flood of rooms',
    prepare: async () => (i, n) => json('/send', { room: `r${i}-${n}`, username: 'u', text: 'hi' }),
  },
  {
    name: 'waiting in all rooms',
    prepare: async () => (i, n) =>
      n % 2 === 0
        ? json('/send', { room: `w${i % 1000}`, username: 'u', text: 'hi' })
        : get(
            `/poll?${Array.from({ length: 16 }, (_, k) => `room=w${(i + k * 61) % 1000}`).join('&')}&since=now&wait=5`,
          ),
  },
  {
    name: 'header patterns',
    args: ['--admin-key', 'the key of the teacher'],
    prepare: always(get('/poll?room=a&wait=0', { Authorization: `Bearer a${' '.repeat(7000)}b` })),
  },
  {
    name: 'a flood of names',
    prepare: async () => (i, n) => json('/send', { room: 'a', username: `u${i}-${n}`, text: 'hi' }),
  },
  {
    name: 'a flood of joins',
    prepare: async () => (i, n) => json('/join', { room: 'people', username: `u${i}-${n}` }),
  },
  {
    name: 'wrong keys',
    args: ['--admin-key', 'the key of the teacher'],
    prepare: async (port) => {
      const token = await join(port, 'a', `eve${process.pid}`)
      return (i, n) => json('/admin', { key: `${i} ${n}` }, { Authorization: `Bearer ${token}` })
    },
  },
  {
    name: 'more connections than descriptors',
    descriptors: 512,
    isKept: true,
    prepare: always(get('/poll?room=a&since=now&wait=55')),
  },
]

/** How long a connection that does not read stays. */
const UNREAD_MS = 1000

/** Attacks until the time is over; resolves with how many times it has written, when every connection is closed. */
export async function attack(
  name: string,
  port: number,
  ms: number,
  connections: number,
  pauseMs: number,
): Promise<number> {
  let written = 0
  const found = ATTACKS.find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no attack "${name}"`)
  const next = await found.prepare(port)
  process.send?.('begun')
  const end = performance.now() + ms
  const worker = async (i: number): Promise<void> => {
    await sleep((pauseMs * i) / connections)
    for (let n = 0; performance.now() < end;) n = await talk(i, n)
  }
  /** One connection, for as long as it is open and there is time; answers how often it has written. */
  const talk = async (i: number, first: number): Promise<number> => {
    const socket = connect({ port, host: '127.0.0.1' })
    let closed = false
    const over = new Promise<void>((resolve) => socket.once('close', () => ((closed = true), resolve())))
    socket.on('error', () => undefined) // It is closed: that is one of the answers.
    let n = first
    for (; !closed && performance.now() < end; n++) {
      socket.write(next(i, n))
      written++
      if (found.isRead === false) socket.pause()
      await Promise.race([over, found.isRead === false ? sleep(UNREAD_MS) : answered(socket, end)])
      if (found.isRead === false || found.isCut === true) break
      await sleep(pauseMs)
    }
    socket.destroy()
    await over
    if (n === first || found.isRead === false || found.isCut === true) await sleep(pauseMs)
    return n + 1
  }
  await Promise.all(Array.from({ length: connections }, (_, i) => worker(i)))
  return written
}

/** Resolves with the first bytes of an answer, or when the time is over. */
function answered(socket: Socket, end: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, Math.max(0, end - performance.now()))
    function done(): void {
      clearTimeout(timer)
      socket.off('data', done)
      resolve()
    }
    socket.on('data', done)
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , name = '', port, seconds, connections, pauseMs] = process.argv
  await ask(Number(port), { path: '/health' })
  // It would be another machine: the server and the people of this one come first.
  setPriority(10)
  const written = await attack(name, Number(port), 1000 * Number(seconds), Number(connections), Number(pauseMs))
  if (process.send === undefined) process.exit(0)
  process.send({ written }, () => process.exit(0))
}
