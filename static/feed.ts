// The server's answers for this tab: a leader polls for them, a follower gets them from the leader.
//
//     at first   polls once, which needs no leader; meanwhile leader.ts is loaded
//     leader     polls for ever ── batch ──> this tab, and all others
//     follower   polls once, to catch up; then the leader's batches, one after the other
//
// A tab that missed a batch (it slept, or the leader changed) catches up from its own cursor, with a poll that does
// not wait. So it may be told something twice, but nothing is missing; ids sort out the rest.

import { sessionEntry } from '../src/client/entry.js'
import { type Following, Loop } from '../src/client/loop.js'
import type { Gap, Message, PresenceState } from '../src/client/wire.js'
import { defaultPlatform as platform } from '../src/client/platform.js'
import { BASE } from './base.js'
import type { Leader } from './leader.js'
import type { Batch, Note, Status, Tabs } from './tabs.js'

const AGAIN_MS = 20_000
const LOAD_AGAIN_MS = 2000

/** How many messages of a room come first; older ones are loaded when the person scrolls up. */
const PAST = 100

export type FeedOptions = {
  readonly tabs: Tabs
  /** The rooms to follow, asked for before each start. */
  readonly rooms: () => readonly string[]
  readonly token: () => string | undefined
  /** The session with this token is over. */
  readonly renew: (token: string | undefined) => Promise<void>
}

export class Feed {
  readonly #options: FeedOptions
  /** Undefined until it is loaded: until then this tab does not lead. */
  #leader: Leader | undefined
  /** Tries at once to load the leader, where that failed. */
  #loadNow = (): void => undefined
  readonly #batchListeners = new Set<(batch: Batch) => void>()
  readonly #statusListeners = new Set<(status: Status) => void>()
  #following: Following | undefined
  #cursor: string | undefined
  #rooms = ''
  #status: Status = { kind: 'starting' }
  #seq = 0
  /** Set while a refused leader waits for its next try: cancels it. */
  #undo: (() => void) | undefined
  /** The last batch from the leader, and the batches that wait until this tab has caught up. */
  #heard: { from: string; term: number; seq: number } | undefined
  #queue: Batch[] = []
  /** Is it asked how far people have read (seen-by.ts)? Until that is loaded it is. */
  wantsSeen: () => boolean = () => true

  constructor(options: FeedOptions) {
    this.#options = options
    options.tabs.onNote((note, from) => this.#take(note, from))
  }

  get leads(): boolean {
    return this.#leader?.leads === true
  }

  get status(): Status {
    return this.#status
  }

  async start(): Promise<void> {
    this.#rooms = this.#options.rooms().join()
    const loading = this.#loadLeader()
    await this.#run(false)
    this.#leader = await loading
    this.#leader.start()
  }

  async #loadLeader(): Promise<Leader> {
    for (;;) {
      try {
        const { Leader } = await import('./leader.js')
        // The server has answered, and no poll says anything else.
        if (this.#status.kind === 'waiting' && this.#following === undefined) this.#tell({ kind: 'live' })
        return new Leader(this.#options.tabs, {
          lead: () => void this.#run(true),
          follow: () => void this.#run(false),
          rest: () => this.#stop(),
          wake: () => this.hurry(),
          status: () => this.#status,
        })
      } catch {
        // No connection: until there is one, no tab needs to lead.
        this.#tell({ kind: 'waiting', reason: 'network', until: Date.now() + LOAD_AGAIN_MS })
        await new Promise<void>((resolve) => {
          this.#loadNow = resolve
          platform.after(LOAD_AGAIN_MS, resolve)
        })
      }
    }
  }

  /** The list of rooms may have changed. */
  changeRooms(): void {
    const rooms = this.#options.rooms()
    // Before the start no rooms are followed.
    if (this.#rooms === '' || rooms.join() === this.#rooms) return
    this.#rooms = rooms.join()
    if (this.#following !== undefined) this.#following.setRooms(rooms)
    else void this.#run(false)
  }

  /** Polls at once, because something may have changed. */
  hurry(): void {
    if (this.#following !== undefined) this.#following.hurry()
    else if (this.#leader === undefined) this.#loadNow()
    else if (this.leads) void this.#run(true)
    else this.#options.tabs.say({ kind: 'hurry' })
  }

  onBatch(call: (batch: Batch) => void): void {
    this.#batchListeners.add(call)
  }

  onStatus(call: (status: Status) => void): void {
    this.#statusListeners.add(call)
  }

  #stop(): void {
    this.#undo?.()
    this.#following?.close()
    this.#following = undefined
  }

  async #run(forEver: boolean): Promise<void> {
    this.#stop()
    const { rooms, token, renew } = this.#options
    this.#heard = undefined
    this.#queue = []
    this.#seq = 0
    let used = token()
    const entry = sessionEntry({ token: () => (used = token()), onUnauthorized: () => renew(used) })
    const options = {
      url: BASE,
      rooms: rooms(),
      presence: true,
      seen: () => this.wantsSeen(),
      past: PAST,
      ...(this.#cursor === undefined ? {} : { since: this.#cursor }),
      ...(forEver ? {} : { wait: 0 }),
    }
    const following = new Loop(options, entry)
    this.#following = following
    try {
      await this.#listen(following, forEver)
    } catch (error) {
      if (this.#following !== following) return
      this.#tell({ kind: 'stopped', sentence: error instanceof Error ? error.message : String(error) })
      // A refusal for good may end with a restart of the server: a page never gives up.
      if (forEver) this.#undo = platform.after(AGAIN_MS, () => void this.#run(true))
    }
    if (this.#following !== following) return
    this.#following = undefined
    for (const batch of this.#queue.splice(0)) this.#deliver(batch)
  }

  async #listen(following: Following, forEver: boolean): Promise<void> {
    let messages: Message[] = []
    let gaps: Gap[] = []
    let rooms: Readonly<Record<string, PresenceState>> | undefined
    for await (const event of following) {
      if (this.#following !== following) return
      if (event.kind === 'message') messages.push(event.message)
      else if (event.kind === 'gap') gaps.push(event.gap)
      else if (event.kind === 'presence') rooms = event.rooms
      else if (event.kind === 'waiting')
        this.#tell({ kind: 'waiting', reason: event.reason, until: Date.now() + event.ms })
      else {
        const batch: Batch = { messages, gaps, rooms, next: event.next, now: event.now }
        messages = []
        gaps = []
        if (forEver) this.#options.tabs.say({ kind: 'batch', term: this.#leader?.term ?? 0, seq: ++this.#seq, batch })
        this.#deliver(batch)
        this.#tell({ kind: 'live' })
        if (!forEver && !event.more) return
      }
    }
  }

  #take(note: Note, from: string): void {
    if (note.kind === 'hurry' && this.leads) this.hurry()
    if (this.leads) return
    if (note.kind === 'sign' && this.#following === undefined) this.#tell(note.status)
    if (note.kind !== 'batch') return
    const { term, seq, batch } = note
    const heard = this.#heard
    const follows = heard === undefined || (heard.from === from && heard.term === term && heard.seq + 1 === seq)
    // A batch in between did not reach this tab.
    if (!follows) void this.#run(false)
    this.#heard = { from, term, seq }
    if (this.#following !== undefined) return void this.#queue.push(batch)
    this.#deliver(batch)
    this.#tell({ kind: 'live' })
  }

  #deliver(batch: Batch): void {
    this.#cursor = batch.next
    for (const listener of this.#batchListeners) listener(batch)
  }

  #tell(status: Status): void {
    if (status.kind === this.#status.kind && status.kind === 'live') return
    this.#status = status
    this.#leader?.sign()
    for (const listener of this.#statusListeners) listener(status)
  }
}
