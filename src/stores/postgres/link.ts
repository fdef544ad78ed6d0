// The connections to PostgreSQL, and whether it can be used now: a pool that asks, and one connection that listens.
//
//     here ── the listener cannot be connected, does not answer, or may not write ──> away
//     away ── it is connected, and may write ──> returning ── tables are there, every room was compared ──> here
//
// The listening connection finds out how PostgreSQL is: it asks once a second. When a connection of the pool breaks,
// its statement is refused, and nothing else.
//
// While PostgreSQL is away everything is refused at once. Nothing is kept here to be sent later.

import type { Clock, Undo } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import { type Client, type Clients, openClients, type PoolClient, STATEMENT_MS } from './clients.js'
import type { Ask, Row } from './rows.js'
import { migrate, MIGRATION_MS } from './schema.js'
import { checkServer, isBroken, isBusy, isEnded, isFull, isGone, whyNoStart } from './trouble.js'

/** What is heard on a channel. */
export type Hearer = {
  readonly channel: string
  readonly onNotification: (payload: string) => void
  /**
   * A listening connection was made anew: the rooms that are followed have to be compared. `wasAway`: nothing could
   * be asked before.
   */
  readonly onBack: (wasAway: boolean) => Promise<void>
}

export type LinkOptions = Hearer & {
  readonly url: string
  readonly clock: Clock
  /** Called once when PostgreSQL goes away, with the reason, and once when it is back. */
  readonly onAway: (reason: string | undefined) => void
}

/** How long an answer may take: PostgreSQL has cancelled a slow statement by then. */
const ANSWER_MS = STATEMENT_MS + 500
const PROBE_MS = 1000
const CLOSE_MS = 500
const [LEAST_WAIT_MS, MOST_WAIT_MS] = [20, 250]

export class Link {
  readonly #options: LinkOptions
  readonly #clients: Clients
  readonly #hearers: Hearer[]
  #listener: Client | undefined
  #state: 'here' | 'away' | 'returning' = 'here'
  #connecting = false
  #probing = false
  #timer: Undo | undefined
  #closed = false

  /** Connects, and makes the tables. Throws `UsageError` without the package, and `unavailable` with a sentence. */
  static async open(options: LinkOptions): Promise<Link> {
    const clients = await openClients(options.url)
    const link = new Link(options, clients)
    try {
      const listener = await clients.connect()
      link.#listener = listener
      await link.#greet(listener)
      link.#hear(listener)
      link.#watch(listener)
      link.#wait()
      return link
    } catch (error) {
      await link.close()
      throw whyNoStart(error, options.url)
    }
  }

  private constructor(options: LinkOptions, clients: Clients) {
    this.#options = options
    this.#clients = clients
    this.#hearers = [options]
  }

  get isHere(): boolean {
    return this.#state === 'here' && !this.#closed
  }

  /** Asks PostgreSQL. `name`: the name of a statement that each connection prepares once. */
  async ask(name: string, text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    if (this.#state === 'away' || this.#closed) throw away()
    let client: PoolClient
    try {
      client = await this.#clients.pool.connect()
    } catch {
      // Is PostgreSQL away, or is every connection at work? The listening connection finds out.
      this.#probe()
      throw away()
    }
    try {
      const { rows } = await this.#within(client.query<Row>({ name, text, values: [...values] }))
      client.release()
      return rows
    } catch (error) {
      client.release(isBroken(error))
      throw this.#trouble(error)
    }
  }

  /** Listens on one more channel. Rejects with `unavailable` while PostgreSQL is away. */
  async hear(hearer: Hearer): Promise<void> {
    if (this.#state === 'away' || this.#listener === undefined) throw away()
    this.#hearers.push(hearer)
    await this.#within(this.#listener.query(`listen ${hearer.channel}`))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#timer?.()
    const ends = [this.#drop(), this.#clients.pool.end().catch(() => undefined)]
    // A server that does not answer does not say goodbye either.
    await Promise.race([
      Promise.all(ends),
      new Promise<void>((resolve) => this.#options.clock.after(CLOSE_MS, resolve)),
    ])
  }

  #trouble(error: unknown): unknown {
    if (isFull(error)) return new ChatError('full', 'the store has no room left: try again later', 60)
    if (isBusy(error)) return new ChatError('unavailable', 'the store is busy: try again in a moment', 2)
    if (isGone(error)) this.#leave(error)
    else if (isBroken(error)) this.#probe()
    else return error
    return away()
  }

  /** The first questions to a new connection: may it write, are the tables there? Then it listens. */
  async #greet(client: Client): Promise<void> {
    await this.#check(client)
    const ask =
      (ms: number): Ask =>
      async (text) =>
        // For several statements in one text the answer is a list of results, which is not used.
        (await this.#within(client.query<Row>(text), ms)).rows ?? []
    await migrate(ask(ANSWER_MS), ask(MIGRATION_MS + ANSWER_MS))
    for (const { channel } of this.#hearers) await ask(ANSWER_MS)(`listen ${channel}`)
  }

  #hear(client: Client): void {
    client.on('notification', ({ channel, payload }) => {
      for (const hearer of this.#hearers) if (hearer.channel === channel) hearer.onNotification(payload ?? '')
    })
  }

  async #check(client: Client): Promise<void> {
    const { rows } = await this.#within(
      client.query<Row>(`select current_setting('server_version_num') as version,
        pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as fixed`),
    )
    checkServer(rows[0] ?? {}, this.#options.url)
  }

  #watch(client: Client): void {
    this.#listener = client
    const ended = (): void => {
      if (this.#listener === client) void this.#reconnect()
    }
    client.on('error', ended)
    client.on('end', ended)
  }

  /** Makes the listening connection anew, and tries until it stands. */
  async #reconnect(): Promise<void> {
    if (this.#connecting || this.#closed) return
    this.#connecting = true
    void this.#drop()
    for (let wait = LEAST_WAIT_MS; !this.#closed; wait = Math.min(wait * 2, MOST_WAIT_MS)) {
      const error = await this.#stand()
      if (error === undefined) break
      // A connection that an administrator ended says nothing about the others. A PostgreSQL that stops takes no new
      // one.
      if (!isEnded(error)) this.#say(error)
      await new Promise<void>((resolve) => this.#options.clock.after(wait, resolve))
    }
    this.#connecting = false
  }

  /** Tries once to connect the listener; answers what was wrong, if anything was. */
  async #stand(): Promise<unknown> {
    let client: Client | undefined
    try {
      client = await this.#clients.connect()
      await this.#greet(client)
      if (this.#state === 'away') this.#state = 'returning'
      // From here on every notification is heard.
      this.#hear(client)
      const wasAway = this.#state !== 'here'
      await Promise.all(this.#hearers.map(({ onBack }) => onBack(wasAway)))
      if (this.#closed) throw away()
      this.#watch(client)
      if (this.#state === 'returning') this.#options.onAway(undefined)
      this.#state = 'here'
      return undefined
    } catch (error) {
      client?.end().catch(() => undefined)
      return error
    }
  }

  /** PostgreSQL cannot be used. It counts as here again once a new listening connection stands. */
  #leave(error: unknown): void {
    this.#say(error)
    void this.#reconnect()
  }

  #say(error: unknown): void {
    if (this.#closed || this.#state === 'away') return
    const isNew = this.#state === 'here'
    this.#state = 'away'
    if (isNew) this.#options.onAway(error instanceof Error ? error.message : String(error))
  }

  async #drop(): Promise<void> {
    const listener = this.#listener
    this.#listener = undefined
    // A connection that is gone has nothing to end.
    await listener?.end().catch(() => undefined)
  }

  #wait(): void {
    this.#timer = this.#options.clock.after(PROBE_MS, () => {
      this.#probe()
      this.#wait()
    })
  }

  #probe(): void {
    const listener = this.#listener
    if (listener === undefined || this.#probing || this.#closed) return
    this.#probing = true
    this.#check(listener)
      .catch((error: unknown) => {
        // If the connection only broke, it is made anew first.
        if (this.#listener !== listener) return
        if (isBroken(error)) void this.#reconnect()
        else this.#leave(error)
      })
      .finally(() => (this.#probing = false))
  }

  async #within<T>(asking: Promise<T>, ms = ANSWER_MS): Promise<T> {
    let late: Undo | undefined
    try {
      return await Promise.race([
        asking,
        new Promise<never>((_, reject) => {
          late = this.#options.clock.after(ms, () => {
            const error = new ChatError('unavailable', `PostgreSQL gave no answer for ${ms} ms`)
            this.#leave(error)
            reject(error)
          })
        }),
      ])
    } finally {
      late?.()
    }
  }
}

function away(): ChatError {
  return new ChatError('unavailable', 'the store is away: try again in a moment', 2)
}
