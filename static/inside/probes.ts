// Readers in this page: a poll, a stream of events and a WebSocket. Each counts by id what it is given, as the
// readers of the lab do.

import { follow } from '../../src/client/follow.js'
import type { Account, Way } from '../../src/client/lab.js'
import { Ledger } from '../../src/client/ledger.js'
import type { Gap } from '../../src/client/wire.js'
import { on } from '../element.js'

const BACK_MS = 400
const REPORT_MS = 2000

type Probe = { readonly way: Way; readonly ledger: Ledger; close(): void }

export class Probes {
  readonly #page = Math.random().toString(36).slice(2, 8)
  #probes: readonly Probe[] = []
  #timer = 0

  get accounts(): readonly Account[] {
    return this.#probes.map(({ way, ledger }) => ({ name: `page-${this.#page}-${way}`, way: 'page', ...ledger.counts }))
  }

  open(room: string, ways: readonly Way[]): void {
    this.close()
    const begin = { poll, events, websocket: webSocket }
    this.#probes = ways.map((way) => begin[way](room, `page-${this.#page}`))
    this.#timer = setInterval(() => void this.#report(), REPORT_MS)
  }

  close(): void {
    clearInterval(this.#timer)
    for (const probe of this.#probes) probe.close()
    this.#probes = []
  }

  /** Tells the server the counts, so that other people who look inside see them too. */
  async #report(): Promise<void> {
    for (const { name, way: _way, ...counts } of this.accounts) {
      const body = JSON.stringify({ page: name, name, ...counts })
      const headers = { 'Content-Type': 'application/json' }
      // Not swallowed: the next report has it all again.
      await fetch('inside/seen', { method: 'POST', headers, body }).catch(() => undefined)
    }
  }
}

function poll(room: string): Probe {
  const ledger = new Ledger()
  const following = follow({ url: new URL('.', location.href).href.replace(/\/$/, ''), rooms: [room], since: '0' })
  const read = async (): Promise<void> => {
    for await (const event of following) {
      if (event.kind === 'message') ledger.see(event.message.id)
      else if (event.kind === 'gap') ledger.gap(event.gap)
    }
  }
  void read()
  return { way: 'poll', ledger, close: () => following.close() }
}

function events(room: string): Probe {
  const ledger = new Ledger()
  let since = '0'
  let source: EventSource | undefined
  let timer = 0
  const open = (): void => {
    const next = (source = new EventSource(`events?room=${room}&since=${since}`))
    const take = (event: Event, call: (value: object) => void): void => {
      if (!(event instanceof MessageEvent)) return
      const value = parse(event.data)
      if (value === undefined) return
      call(value)
      if (event.lastEventId !== '') since = event.lastEventId
    }
    on(next, 'message', (event) => take(event, (value) => see(ledger, value)))
    on(next, 'gap', (event) => take(event, (value) => void (isGap(value) && ledger.gap(value))))
    // A browser does not come back after every kind of failure.
    on(next, 'error', () => {
      next.close()
      timer = setTimeout(open, BACK_MS)
    })
  }
  open()
  return {
    way: 'events',
    ledger,
    close() {
      clearTimeout(timer)
      source?.close()
    },
  }
}

function webSocket(room: string, name: string): Probe {
  const ledger = new Ledger()
  let since = '0'
  let epoch: string | undefined
  let socket: WebSocket | undefined
  let timer = 0
  let isClosed = false
  const open = (): void => {
    const url = new URL(`ws/${room}/${name}?since=${since}`, location.href)
    url.protocol = url.protocol.replace('http', 'ws')
    socket = new WebSocket(url)
    on(socket, 'message', (event) => {
      const value = parse('data' in event ? event.data : undefined)
      if (value === undefined) return
      if (isGap(value)) {
        ledger.gap(value)
        if (value.reason !== 'overflow') epoch = undefined
      } else {
        see(ledger, value)
        if ('id' in value) since = epoch === undefined ? String(value.id) : `${epoch}.${String(value.id)}`
      }
      if (epoch === undefined) void epochOf(room).then((found) => (epoch = found))
    })
    on(socket, 'close', () => {
      if (!isClosed) timer = setTimeout(open, BACK_MS)
    })
  }
  open()
  return {
    way: 'websocket',
    ledger,
    close() {
      isClosed = true
      clearTimeout(timer)
      socket?.close()
    },
  }
}

async function epochOf(room: string): Promise<string | undefined> {
  try {
    const answer: unknown = await (await fetch(`history?room=${room}&limit=1`)).json()
    return typeof answer === 'object' && answer !== null && 'epoch' in answer ? String(answer.epoch) : undefined
  } catch {
    // Not swallowed: it is asked for again with the next message.
    return undefined
  }
}

function see(ledger: Ledger, value: object): void {
  if ('id' in value && typeof value.id === 'number') ledger.see(value.id)
}

function isGap(value: object): value is Gap {
  return 'reason' in value && 'first' in value
}

function parse(data: unknown): object | undefined {
  const value: unknown = typeof data === 'string' ? JSON.parse(data) : undefined
  return typeof value === 'object' && value !== null ? value : undefined
}
