// The people of a soak. Each reads all the while and says something now and then, by one way in:
//
//     client, member     the package's own client through nginx; a member joins and shows its token
//     poll, events       a loop of polls, or an event stream, through nginx, and sends under a key until they are kept
//     WebSocket, full    through nginx
//     lines, plain       to any instance
//     short              Socket.IO by polling, which has to stay with its instance
//
// Without a key a text is sent once. It is acknowledged when its sender reads it. If that does not happen, it may or
// may not have been kept, and another text is sent instead.

import { setTimeout as sleep } from 'node:timers/promises'
import { follow, join, Outbox, defaultPlatform } from '../../src/client/index.js'
import { poll, send } from '../support/http.js'
import { SOCKETIO_FULL, SOCKETIO_SHORT, WEBSOCKET } from '../support/sockets.js'
import { LINES, type Opened, PLAIN, SSE, type WayIn } from '../support/visits.js'
import type { House } from './house.js'
import type { Reader, Visited } from './judge.js'
import type { Talk } from './talk.js'

export type Person = {
  readonly reader: Reader
  /** Resolves when it has nothing more to say, and when it has been told of everything. */
  readonly said: Promise<void>
  readonly read: Promise<void>
  close(): void
}

type Parts = { readonly house: House; readonly talk: Talk; readonly chance: () => number; readonly name: string }
type Start = (parts: Parts) => Person

const ECHO_MS = 15_000
const AGAIN_MS = 50

const wayPerson =
  (way: WayIn, through: 'nginx' | 'instance'): Start =>
  (parts) =>
    startVisitor(way, through, parts)

/** Each kind once, in turn. */
const KINDS: readonly Start[] = [
  startClient,
  startMember,
  startPoller,
  wayPerson(SSE, 'nginx'),
  wayPerson(WEBSOCKET, 'nginx'),
  wayPerson(LINES, 'instance'),
  wayPerson(PLAIN, 'instance'),
  wayPerson(SOCKETIO_FULL, 'nginx'),
  wayPerson(SOCKETIO_SHORT, 'instance'),
]
const NAMES = ['client', 'member', 'poll', 'events', 'websocket', 'lines', 'plain', 'full', 'short']

export function startPeople(count: number, parts: Omit<Parts, 'name'>): Person[] {
  return Array.from({ length: count }, (_, i) => {
    const kind = i % KINDS.length
    const start = KINDS[kind] ?? startClient
    return start({ ...parts, name: `${NAMES[kind]}${i}` })
  })
}

/** The package's own client. */
function startClient({ house, talk, name }: Parts, token?: () => string | undefined): Person {
  const url = `http://127.0.0.1:${house.port}`
  const credentials = token === undefined ? {} : { token }
  const visit = { texts: [] as string[], missed: 0 }
  const following = follow({
    url,
    rooms: ['lobby'],
    since: '0',
    presence: token !== undefined,
    wait: 5,
    ...credentials,
  })
  const read = async (): Promise<void> => {
    for await (const event of following) {
      if (event.kind === 'message' && event.message.type === 'chat') visit.texts.push(event.message.text)
      if (event.kind === 'gap') visit.missed += event.gap.missed ?? NaN
      if (talk.isHeard(visit.texts)) break
    }
  }
  const outbox = new Outbox({ url, ...credentials })
  const say = async (): Promise<void> => {
    for (let n = 0; await talk.turn(); n++) {
      const text = `${name}-${n}`
      const { key } = outbox.add({ room: 'lobby', username: name, text })
      await new Promise<void>((resolve) => {
        const undo = outbox.onChange(() => {
          const pending = outbox.pending.find((one) => one.key === key)
          if (pending?.state === 'waiting') talk.resent++
          if (pending !== undefined && pending.state !== 'failed') return
          undo()
          if (pending === undefined) talk.kept(text)
          else talk.gaveUp()
          resolve()
        })
      })
    }
    outbox.close()
  }
  return {
    reader: { name, resumes: true, visits: [visit] },
    said: say(),
    read: read(),
    close: () => following.close(),
  }
}

/** The same, as a member with a session. */
function startMember(parts: Parts): Person {
  const { house, name } = parts
  let token: string | undefined
  const enter = async (): Promise<void> => {
    const url = `http://127.0.0.1:${house.port}`
    ;({ token } = await insist(() =>
      join(defaultPlatform, { url, path: '/join', body: { room: 'lobby', username: name } }),
    ))
  }
  const visits: Visited[] = []
  const entered = enter().then(() => {
    const person = startClient(parts, () => token)
    visits.push(...person.reader.visits)
    return person
  })
  return {
    reader: { name, resumes: true, visits },
    said: entered.then(({ said }) => said),
    read: entered.then(({ read }) => read),
    close: () => void entered.then((person) => person.close()),
  }
}

/** A loop of polls, as a program writes it that knows the contract. */
function startPoller(parts: Parts): Person {
  const { house, talk, name } = parts
  const visit = { texts: [] as string[], missed: 0 }
  let isClosed = false
  const read = async (): Promise<void> => {
    let next = '0'
    while (!talk.isHeard(visit.texts) && !isClosed) {
      const answer = await insist(() => poll(house.port, `room=lobby&since=${next}&wait=5`))
      for (const { type, text } of answer.messages) if (type === 'chat') visit.texts.push(text)
      for (const { missed } of answer.gaps) visit.missed += missed ?? NaN
      next = answer.next
    }
  }
  const close = (): void => void (isClosed = true)
  return { reader: { name, resumes: true, visits: [visit] }, said: sayByHttp(parts), read: read(), close }
}

function startVisitor(way: WayIn, through: 'nginx' | 'instance', parts: Parts): Person {
  const { house, talk, chance, name } = parts
  const visits: Visited[] = []
  let visit: Opened | undefined
  let isClosed = false
  const port = (): number => {
    if (through === 'nginx') return house.port
    const instance = house.instances[Math.floor(chance() * house.instances.length)]
    return (way.transport === 'lines' ? instance?.tcpPort : instance?.port) ?? 0
  }
  const read = async (): Promise<void> => {
    let last: string | undefined
    for (let count = 0; ; count++) {
      // Under a new name each time: the one before is held until its instance has noticed.
      const opened = await insist(() => way.open(port(), 'lobby', `${name}-${count}`, last))
      visits.push(opened)
      visit = opened
      while (!opened.isClosed && !isClosed && !talk.isHeard(opened.texts)) await sleep(20)
      visit = undefined
      last = opened.last()
      opened.close()
      if (isClosed || talk.isHeard(opened.texts)) return
      await sleep(AGAIN_MS * chance())
    }
  }
  const say = async (): Promise<void> => {
    for (let n = 0; await talk.turn(); n++) {
      const text = `${name}-${n}`
      while (visit === undefined) await sleep(10)
      if (await isHeard(visit, text)) talk.kept(text)
      else talk.unheard()
    }
  }
  return {
    reader: { name, resumes: way.resumes, visits },
    said: way.joins ? say() : sayByHttp(parts),
    read: read(),
    close: () => void (isClosed = true),
  }
}

/** Says a text once, and waits until it is told. */
async function isHeard(visit: Opened, text: string): Promise<boolean> {
  const end = performance.now() + ECHO_MS
  const from = visit.texts.length
  visit.say(text)
  while (!visit.texts.includes(text, from)) {
    if (visit.isClosed || performance.now() > end) return false
    await sleep(5)
  }
  return true
}

/** Says under a key, again and again until it is kept. */
async function sayByHttp({ house, talk, name }: Parts): Promise<void> {
  for (let n = 0; await talk.turn(); n++) {
    const text = `${name}-${n}`
    let status = 0
    for (;;) {
      status = (await send(house.port, 'lobby', name, text, { key: text }).catch(() => undefined))?.status ?? 0
      // What a client tries again: no answer, and what is not its own fault.
      if (status > 0 && status < 500) break
      talk.resent++
      await sleep(AGAIN_MS)
    }
    if (status === 201) talk.kept(text)
    else talk.gaveUp()
  }
}

/** Tries again until it works. */
async function insist<T>(act: () => Promise<T>): Promise<T> {
  const end = performance.now() + 120_000
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(AGAIN_MS)
    }
  }
}
