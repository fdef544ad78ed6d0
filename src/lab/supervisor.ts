// The supervisor of `--lab`: it starts the server, starts it again when it is killed, and makes its readers and
// writers.
//
//     mini-chat --lab ──> supervisor ──fork──> server       its own process: it can be stopped, and killed
//                             │ crowd, race       ^
//                             └── real sockets ───┘
//
// The readers live here, so that their counts outlive the server. A signal to the supervisor is handed on; first the
// server ends, and then the supervisor. A server whose supervisor has gone stops.

import { type ChildProcess, fork } from 'node:child_process'
import { type Lane, NO_CROWD, type Way, WAYS } from '../client/lab.js'
import type { Config } from '../config.js'
import { LabCrowd } from './crowd.js'
import { Race } from './race.js'
import { KEPT } from '../started.js'
import type { FromServer, FromSupervisor, Order } from './talk.js'

const STATE_MS = 500

/** How long a server is down before it is started again. */
const DOWN_MS = 700

/** Starts the server and keeps it until a signal comes; resolves with its exit code. */
export function supervise(args: readonly string[], config: Config): Promise<number> {
  return new Promise((resolve) => new Supervisor(args, config, resolve).start())
}

class Supervisor {
  readonly #args: readonly string[]
  readonly #config: Config
  readonly #end: (code: number) => void
  #server: ChildProcess | undefined
  #port: number | undefined
  #ring: number | undefined
  #restarts = 0
  #isStopping = false
  /** Has the server that runs now begun to listen? */
  #hasListened = false
  #crowd: LabCrowd | undefined
  #race: Race | undefined
  #slow: Way | 'none' = 'none'
  #timer: NodeJS.Timeout | undefined
  #starting: NodeJS.Timeout | undefined

  constructor(args: readonly string[], config: Config, end: (code: number) => void) {
    this.#args = args
    this.#config = config
    this.#end = end
  }

  start(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        this.#isStopping = true
        clearTimeout(this.#starting)
        if (this.#server?.exitCode === null) this.#server.kill(signal)
        else this.#over(0)
      })
    this.#timer = setInterval(() => this.#tell(), STATE_MS)
    this.#launch()
  }

  #launch(): void {
    const again = this.#port === undefined ? [] : ['--port', String(this.#port)]
    const ring = this.#ring === undefined ? [] : ['--ring', String(this.#ring)]
    // Its own group: Ctrl-C in a terminal comes only here, and is handed on once.
    const server = fork(process.argv[1] ?? '', [...this.#args, ...again, ...ring], {
      detached: true,
      env: { ...process.env, [KEPT]: this.#port === undefined ? 'first' : 'again' },
    })
    this.#server = server
    this.#hasListened = false
    server.on('message', (said: FromServer) => this.#hear(said))
    server.once('exit', (code) => this.#gone(code))
  }

  /**
   * A server that was killed, or has crashed, is started again. If it stopped in good order, or could not listen,
   * that is the end.
   */
  #gone(code: number | null): void {
    if (this.#isStopping || !this.#hasListened || code === 0) return this.#over(code ?? 1)
    this.#restarts++
    this.#starting = setTimeout(() => this.#launch(), DOWN_MS)
  }

  #over(code: number): void {
    clearInterval(this.#timer)
    this.#race?.close()
    this.#crowd?.close()
    this.#end(code)
  }

  #hear(said: FromServer): void {
    if (said.kind === 'order') this.#obey(said.order)
    else if (said.kind === 'cpu') this.#race?.cpu(said)
    else {
      this.#port = said.port
      this.#hasListened = true
      const ways = WAYS.filter((way) => way !== 'websocket' || said.websocket)
      this.#crowd ??= new LabCrowd(this.#place, ways, NO_CROWD)
      // A server that began anew knows nothing of it.
      this.#slow = 'none'
      this.#tell()
    }
  }

  get #place(): { readonly url: string; readonly headers: Readonly<Record<string, string>> } {
    const { base, password, host } = this.#config
    const authorization = password === undefined ? {} : { Authorization: `Basic ${btoa(`:${password}`)}` }
    const isAll = host === '0.0.0.0' || host === '::'
    const name = isAll ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
    return { url: `http://${name}:${this.#port}${base}`, headers: authorization }
  }

  #obey(order: Order): void {
    if (order.kind === 'restart') {
      this.#ring = order.ring ?? this.#ring
      this.#server?.kill('SIGKILL')
    } else if (order.kind === 'crowd') this.#crowd?.set(order.crowd)
    else if (order.kind === 'slow') this.#slow = WAYS.find((way) => way === order.way) ?? 'none'
    else {
      this.#race?.close()
      const lanes: Lane[] = ['poll-1', 'poll-5', 'poll', 'events']
      if (this.#config.websocket) lanes.push('websocket')
      this.#race = order.pace === 'off' ? undefined : new Race(this.#place, lanes, order.pace)
    }
    this.#tell()
  }

  #tell(): void {
    if (this.#server?.connected !== true || this.#crowd === undefined) return
    const state: FromSupervisor = {
      kind: 'state',
      restarts: this.#restarts,
      crowd: this.#crowd.state,
      race: this.#race?.state ?? null,
      slowPorts: this.#crowd.portsOf(this.#slow),
    }
    // A server that has just been killed cannot be told.
    this.#server.send(state, () => undefined)
  }
}
