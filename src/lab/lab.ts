// The lab: faults to this very server, from /inside. Loaded with --lab alone.
//
//     POST /inside/lab  {"fault":"drop","on":true}      one answer in ten is never sent
//                       {"fault":"delay","ms":300}      each answer waits
//                       {"fault":"cut"}                 every connection is reset
//                       {"fault":"slow","way":"poll"}   one reader takes a write every three seconds
//                       {"fault":"stop","seconds":10}   the world stops
//                       {"fault":"restart","ring":8}    the process is killed, and started again
//                       {"fault":"crowd",…}             readers and writers that the supervisor makes
//                       {"fault":"race","pace":"busy"}  one room read in five ways
//     GET /inside/lab   how it is
//     POST /inside/seen what a page has counted of what it was given

import { performance } from 'node:perf_hooks'
import { type Account, type Crowd, type LabState, NO_CROWD, type Way, WAYS } from '../client/lab.js'
import { ChatError } from '../core/errors.js'
import { parseFlag, parseWhole } from '../core/people/fields.js'
import { parseRoom, parseUsername } from '../core/rooms/message.js'
import { json, NO_CONTENT } from '../transports/http/answer.js'
import { type Fields, readFields } from '../transports/http/fields.js'
import type { Request } from '../transports/http/request.js'
import type { Route } from '../transports/http/route.js'
import { Faults, SPARED } from './faults.js'
import { KEPT } from '../started.js'
import type { FromServer, FromSupervisor, Order } from './talk.js'

const MOST = { delayMs: 5000, seconds: 10, ring: 100_000, readers: 1000, writers: 1000, rate: 60_000 } as const

/** Pages that count for themselves; a page that says nothing for so long has gone. */
const MOST_PAGES = 64
const PAGE_MS = 15_000

/** A pause, so that the answer leaves before the fault that it announces. */
const SOON_MS = 60
const CPU_MS = 100

export type Supervisor = {
  tell(said: FromServer): void
  /** Calls back with all that the supervisor says from now on. */
  hear(call: (state: FromSupervisor) => void): void
}

export type LabParts = {
  readonly ring: number
  readonly websocket: boolean
  /** Undefined if no supervisor keeps this process: then it cannot be killed, and there is no crowd. */
  readonly supervisor: Supervisor | undefined
}

/** The supervisor that has started this process, if one has. */
export function supervisorOf(from: NodeJS.Process): Supervisor | undefined {
  if (from.env[KEPT] === undefined || from.send === undefined) return undefined
  // Without its supervisor the server stops, as on a signal.
  from.once('disconnect', () => void from.kill(from.pid, 'SIGTERM'))
  return {
    tell: (said) => void from.send?.(said, () => undefined),
    hear: (call) => void from.on('message', (said: FromSupervisor) => call(said)),
  }
}

export class Lab {
  readonly faults = new Faults()
  /** A header for answers that no fault may touch. */
  readonly spared = SPARED
  readonly #parts: LabParts
  readonly #pages = new Map<string, { readonly at: number; readonly account: Account }>()
  #kept: FromSupervisor | undefined
  #set: LabState['faults'] = { drop: false, delay: 0, slow: 'none' }
  #cpu: NodeJS.Timeout | undefined

  constructor(parts: LabParts) {
    this.#parts = parts
    parts.supervisor?.hear((state) => this.#hear(state))
  }

  get state(): LabState {
    const { ring, websocket, supervisor } = this.#parts
    const { restarts = 0, crowd = NO_CROWD, race = null } = this.#kept ?? {}
    const now = performance.now()
    for (const [id, { at }] of this.#pages) if (now - at > PAGE_MS) this.#pages.delete(id)
    return {
      faults: this.#set,
      ring,
      dropped: this.faults.dropped,
      cut: this.faults.cut,
      restarts: supervisor === undefined ? null : restarts,
      ways: WAYS.filter((way) => way !== 'websocket' || websocket),
      crowd,
      pages: [...this.#pages.values()].map(({ account }) => account),
      race,
    }
  }

  /** `check` throws for a request that may not look inside. `guard`: what routes ask for where there is no key. */
  routes(check: (request: Request) => void, guard: Pick<Route, 'auth'>): readonly Route[] {
    const told = (): ReturnType<typeof json> => json(200, this.state, SPARED)
    return [
      {
        method: 'GET',
        path: '/inside/lab',
        ...guard,
        handle(request, answer) {
          check(request)
          answer(told())
        },
      },
      {
        method: 'POST',
        path: '/inside/lab',
        ...guard,
        handle: (request, answer) => {
          check(request)
          this.#order(readFields(request))
          answer(told())
        },
      },
      {
        method: 'POST',
        path: '/inside/seen',
        handle: (request, answer) => {
          this.#note(readFields(request))
          answer({ ...NO_CONTENT, headers: [...NO_CONTENT.headers, ...SPARED] })
        },
      },
    ]
  }

  /** Tells the supervisor where its readers find this server. */
  listening(port: number): void {
    this.#parts.supervisor?.tell({ kind: 'listening', port, websocket: this.#parts.websocket })
  }

  close(): void {
    clearInterval(this.#cpu)
  }

  #hear(state: FromSupervisor): void {
    this.#kept = state
    this.faults.slowPorts = new Set(state.slowPorts)
    if (state.race !== null) this.#cpu ??= setInterval(() => this.#tellCpu(), CPU_MS).unref()
    else {
      clearInterval(this.#cpu)
      this.#cpu = undefined
    }
  }

  #tellCpu(): void {
    const { user, system } = process.cpuUsage()
    this.#parts.supervisor?.tell({ kind: 'cpu', at: performance.now(), micros: user + system })
  }

  #order(fields: Fields): void {
    const fault = fields.get('fault')
    switch (fault) {
      case 'drop': {
        const drop = parseFlag('on', fields.get('on'))
        this.faults.drops = drop
        this.#set = { ...this.#set, drop }
        return
      }
      case 'delay': {
        const delay = parseWhole('ms', fields.get('ms'), 0, MOST.delayMs)
        this.faults.delayMs = delay
        this.#set = { ...this.#set, delay }
        return
      }
      case 'slow': {
        const way = parseWay(fields.get('way'))
        this.#ask({ kind: 'slow', way })
        this.#set = { ...this.#set, slow: way }
        return
      }
      case 'cut':
        return void setTimeout(() => this.faults.cutAll(), SOON_MS)
      case 'stop': {
        const seconds = parseWhole('seconds', fields.get('seconds'), 1, MOST.seconds)
        return void setTimeout(() => stopTheWorld(seconds), SOON_MS)
      }
      case 'restart': {
        const ring = fields.get('ring') === undefined ? undefined : parseWhole('ring', fields.get('ring'), 1, MOST.ring)
        return this.#ask({ kind: 'restart', ring }, SOON_MS)
      }
      case 'crowd':
        return this.#ask({ kind: 'crowd', crowd: parseCrowd(fields) })
      case 'race': {
        const pace = fields.get('pace')
        if (pace !== 'quiet' && pace !== 'busy' && pace !== 'off')
          throw new ChatError('bad_request', 'pace is quiet, busy or off')
        return this.#ask({ kind: 'race', pace })
      }
      default:
        throw new ChatError('bad_request', 'fault is drop, delay, cut, slow, stop, restart, crowd or race')
    }
  }

  #ask(order: Order, ms = 0): void {
    const { supervisor } = this.#parts
    if (supervisor === undefined)
      throw new ChatError('unavailable', 'nothing keeps this process: start it with mini-chat --lab', 5)
    setTimeout(() => supervisor.tell({ kind: 'order', order }), ms)
  }

  #note(fields: Fields): void {
    const id = fields.get('page')
    if (typeof id !== 'string' || !/^[\w-]{1,32}$/.test(id))
      throw new ChatError(
        'bad_request',
        'page is 1 to 32 characters of A–Z a–z 0–9 _ -, the same as long as the page lives',
      )
    const whole = (name: keyof Account): number => parseWhole(name, fields.get(name), 0, Number.MAX_SAFE_INTEGER)
    const account: Account = {
      name: parseUsername(fields.get('name')),
      way: 'page',
      got: whole('got'),
      lost: whole('lost'),
      doubled: whole('doubled'),
      disordered: whole('disordered'),
      missed: whole('missed'),
      restarts: whole('restarts'),
    }
    this.#pages.delete(id)
    this.#pages.set(id, { at: performance.now(), account })
    const [oldest] = this.#pages.keys()
    if (this.#pages.size > MOST_PAGES && oldest !== undefined) this.#pages.delete(oldest)
  }
}

/** This process does nothing meanwhile, as when its machine sleeps. Bytes that others send wait in the system. */
function stopTheWorld(seconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000)
}

function parseCrowd(fields: Fields): Crowd {
  return {
    room: parseRoom(fields.get('room') ?? 'lobby'),
    readers: parseWhole('readers', fields.get('readers'), 0, MOST.readers),
    writers: parseWhole('writers', fields.get('writers'), 0, MOST.writers),
    rate: parseWhole('rate', fields.get('rate'), 0, MOST.rate),
  }
}

function parseWay(value: unknown): Way | 'none' {
  const way = WAYS.find((one) => one === value)
  if (way !== undefined) return way
  if (value === 'none') return value
  throw new ChatError('bad_request', 'way is poll, events, websocket or none')
}
