// The connections to Redis, and whether it can be used now. There are two, because a connection that listens cannot
// ask.
//
//     here ── no answer for ANSWER_MS, a broken connection, or a server that takes no writes ──> away
//     away ── a probe is answered: a write, once a second ──> returning ── every room was compared ──> here
//
// In a cluster one server may be away: what it has is refused, and the rest goes on. The cluster is away when none of
// its servers answers.
//
// While Redis is away everything is refused at once. No message is kept here to be sent later: its sender has been
// told 503 by then, and sends it again.

import type { Clock, Undo } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import { type Client, type Clients, connect, type Hear } from './clients.js'
import type { Script } from './scripts.js'

export type LinkOptions = {
  readonly url: string
  readonly clock: Clock
  /** Called once when Redis goes away, with the reason, and once when it is back. */
  readonly onAway: (reason: string | undefined) => void
  /** A connection is back: the rooms that are followed have to be compared. Redis counts as here once this resolves. */
  readonly onBack: () => Promise<void>
}

/** So many keys that, most likely, each server of a cluster has one of them. One answer is enough for the cluster. */
const CLUSTER_PROBES = 16

/** How long an answer may take. */
const ANSWER_MS = 2000
const PROBE_MS = 1000

/** How soon a subscription is tried again that broke with its connection. */
const LISTEN_AGAIN_MS = 20

export class Link {
  readonly #options: LinkOptions
  readonly #asker: Client
  readonly #listener: Client
  readonly #probeKeys: readonly string[]
  readonly #isCluster: boolean
  #state: 'here' | 'away' | 'returning' = 'here'
  #probing = false
  #timer: Undo | undefined
  #closed = false

  /**
   * Connects. Throws `UsageError` without the package, and `unavailable` with a sentence where Redis cannot be used.
   */
  static async open(options: LinkOptions, probeKey: string): Promise<Link> {
    return new Link(options, await connect(options.url), probeKey)
  }

  private constructor(options: LinkOptions, { asker, listener, isCluster }: Clients, probeKey: string) {
    this.#options = options
    this.#asker = asker
    this.#listener = listener
    this.#isCluster = isCluster
    this.#probeKeys = isCluster ? Array.from({ length: CLUSTER_PROBES }, (_, i) => `${probeKey}:${i}`) : [probeKey]
    asker.on('error', (error) => this.#doubt(error))
    asker.on('ready', () => this.#probe())
    listener.on('ready', () => void this.#compare())
    this.#wait()
  }

  get isHere(): boolean {
    return this.#state === 'here' && !this.#closed
  }

  /** Asks Redis. Rejects at once with `unavailable` while it is away, and with `full` where it has no memory left. */
  async ask(args: readonly string[]): Promise<unknown> {
    if (this.#state === 'away' || this.#closed) throw away()
    return this.#ask(args)
  }

  /** Runs a script; rejects like `ask`. */
  async run({ source, sha }: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await this.ask(['EVALSHA', sha, ...rest])
    } catch (error) {
      // A server that was started anew does not know the script yet.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return this.ask(['EVAL', source, ...rest])
    }
  }

  /** Calls back with the messages that are published on a channel, until the undo. */
  async listen(channel: string, isSharded: boolean, call: (text: string) => void): Promise<Undo> {
    const { clock } = this.#options
    const listener = this.#listener
    const end = clock.now() + ANSWER_MS
    const hear: Hear = (text) => call(String(text))
    for (;;) {
      try {
        await this.#within(isSharded ? listener.sSubscribe(channel, hear) : listener.subscribe(channel, hear))
        break
      } catch {
        // The connection itself tells what went wrong. A connection that broke is on its way back, unless Redis is
        // away.
        if (this.#state === 'away' || this.#closed || clock.now() >= end) throw away()
        await new Promise<void>((resolve) => clock.after(LISTEN_AGAIN_MS, resolve))
      }
    }
    return () => {
      const ending = isSharded ? listener.sUnsubscribe(channel, hear) : listener.unsubscribe(channel, hear)
      // A connection that is gone has no subscriptions to end.
      Promise.resolve(ending).catch(() => undefined)
    }
  }

  close(): void {
    this.#closed = true
    this.#timer?.()
    this.#asker.destroy()
    this.#listener.destroy()
  }

  async #ask(args: readonly string[]): Promise<unknown> {
    try {
      return await this.#within(this.#asker.sendCommand(args))
    } catch (error) {
      const word = error instanceof Error ? (/^[A-Z]+(?= )/.exec(error.message)?.[0] ?? '') : ''
      if (word === 'NOSCRIPT' || word === 'ERR' || word === 'NOPERM' || word === 'WRONGTYPE') throw error
      if (word === 'OOM') throw new ChatError('full', 'the store has no memory left: try again later', 60)
      // The server became a replica: another server may answer to its name now.
      if (word === 'READONLY') this.#asker.sendCommand(['QUIT']).catch(() => undefined)
      this.#doubt(error)
      throw away()
    }
  }

  async #within<T>(asking: Promise<T>): Promise<T> {
    let late: Undo | undefined
    try {
      return await Promise.race([
        asking,
        new Promise<never>((_, reject) => {
          late = this.#options.clock.after(ANSWER_MS, () => reject(new Error(`no answer for ${ANSWER_MS} ms`)))
        }),
      ])
    } finally {
      late?.()
    }
  }

  /** Something went wrong. Perhaps a cluster has lost one server only: a probe tells. */
  #doubt(error: unknown): void {
    if (this.#isCluster) this.#probe()
    else this.#leave(error)
  }

  #leave(error: unknown): void {
    if (this.#closed || this.#state === 'away') return
    const isNew = this.#state === 'here'
    this.#state = 'away'
    if (isNew) this.#options.onAway(error instanceof Error ? error.message : String(error))
  }

  #wait(): void {
    this.#timer = this.#options.clock.after(PROBE_MS, () => {
      this.#probe()
      this.#wait()
    })
  }

  /** One probe at a time: a server that does not answer is not asked again, so that its silence can be noticed. */
  #probe(): void {
    if (this.#probing || this.#closed || !this.#asker.isReady) return
    this.#probing = true
    const isWrite = this.#state !== 'here' || this.#isCluster
    const probe = (key: string): Promise<unknown> =>
      this.#asker.sendCommand(isWrite ? ['SET', key, '1', 'PX', '10000'] : ['PING'])
    const late = this.#options.clock.after(ANSWER_MS, () => this.#leave(new Error(`no answer for ${ANSWER_MS} ms`)))
    Promise.any(this.#probeKeys.map(probe))
      .then(() => this.#return())
      .catch((error: unknown) => this.#leave(error))
      .finally(() => {
        late()
        this.#probing = false
      })
  }

  async #return(): Promise<void> {
    if (this.#state !== 'away' || this.#closed) return
    this.#state = 'returning'
    await this.#options.onBack()
    // It may have gone away again meanwhile.
    if (this.#state !== 'returning') return
    this.#state = 'here'
    this.#options.onAway(undefined)
  }

  async #compare(): Promise<void> {
    if (this.#state !== 'here') return
    // If this fails, Redis is away, and everything is compared when it is back.
    await this.#options.onBack().catch(() => undefined)
  }
}

function away(): ChatError {
  return new ChatError('unavailable', 'the store is away: try again in a moment', 2)
}
