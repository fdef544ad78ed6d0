// The middle of the page: the log of the room that is looked at. It puts together the lines (log.ts), their
// elements (log-view.ts), the reading place (scroll.ts), and older messages when somebody scrolls up.

import { defaultPlatform as platform } from '../src/client/platform.js'
import { call, type Message } from '../src/client/wire.js'
import { BASE } from './base.js'
import { asFields } from './storage.js'
import { type Line, Log } from './log.js'
import { LogView } from './log-view.js'
import { Scroll } from './scroll.js'
import type { Batch } from './tabs.js'
import type { Reader } from './text.js'

export type Parts = {
  readonly box: HTMLElement
  readonly lines: HTMLOListElement
  readonly beginning: HTMLElement
  readonly jump: HTMLButtonElement
  readonly jumpCount: HTMLElement
  readonly reader: () => Reader
  /** The id that was read last in a room. */
  readonly readTo: (room: string) => number | undefined
}

const PAGE = 100

/** How far below the top the first unread message of a room stands that is opened. */
const UNREAD_PX = 60

export class Conversation {
  readonly #parts: Parts
  readonly #view: LogView
  readonly #scroll: Scroll
  readonly #logs = new Map<string, Log>()
  #log = new Log('')
  /** Told of messages that people changed (amend.ts). */
  onChange: (id: number) => void = () => undefined
  #unread = 0
  #loading = false
  /** Where somebody read in a room and left it: the id of a message, and how far below the top it stood. */
  readonly #places = new Map<string, { readonly id: string; readonly below: number }>()
  readonly #emptied = new Set<string>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#view = new LogView(parts.lines, parts.reader)
    this.#scroll = new Scroll(parts.box)
    this.#scroll.onScroll(() => this.#scrolled())
    parts.jump.addEventListener('click', () => void this.jump())
    document.addEventListener('visibilitychange', () => this.#scrolled())
    parts.box.addEventListener('keydown', (event) => this.#walk(event))
    parts.lines.addEventListener('click', ({ target }) => {
      if (target instanceof HTMLElement && target.dataset['first'] !== undefined)
        void this.#fill(Number(target.dataset['first']))
    })
  }

  /** A message of the current room. */
  message(id: number): Message | undefined {
    return this.#log.get(id)
  }

  get scroll(): Scroll {
    return this.#scroll
  }

  /** The message that was drawn last. */
  get newest(): Message | undefined {
    return this.#view.newest
  }

  /** The newest id of a room in this page; 0 for none. */
  last(room: string): number {
    return this.#logs.get(room)?.last ?? 0
  }

  /** Shows another room: where the person left it, at the first unread message, or at its end. */
  show(room: string): void {
    if (room === this.#log.room) this.#places.delete(room)
    else this.#leave()
    this.#log = this.#logOf(room)
    this.#unread = 0
    // A whole room that comes into view is not news to be read out.
    this.#parts.box.ariaBusy = 'true'
    this.#view.show(new Log(room))
    this.#drawFirst(this.#log.lines)
    this.#update()
    setTimeout(() => (this.#parts.box.ariaBusy = null), 500)
  }

  /** Remembers the place of somebody who scrolled away. */
  #leave(): void {
    const place = this.#scroll.place
    const id = place?.line instanceof HTMLElement ? place.line.dataset['id'] : undefined
    if (place === undefined || id === undefined) this.#places.delete(this.#log.room)
    else this.#places.set(this.#log.room, { id, below: place.below })
  }

  /** Draws the first lines of a room, and goes to where the person left it or to the first unread one. */
  #drawFirst(lines: readonly Line[]): void {
    const { room } = this.#log
    const { box, reader, readTo } = this.#parts
    const from = readTo(room) ?? Infinity
    const isUnread = (message: Message): boolean =>
      message.type === 'chat' && message.id > from && message.username !== reader().name
    const marker = this.#view.appendUnread(lines, isUnread)
    this.#unread = lines.filter((part) => part.kind === 'message' && isUnread(part.message)).length
    const place = this.#places.get(room)
    const line = place === undefined ? null : box.querySelector(`[data-id="${place.id}"]`)
    if (place !== undefined && line !== null) this.#scroll.goTo({ line, below: place.below })
    else if (marker === undefined) this.#scroll.toBottom()
    else this.#scroll.goTo({ line: marker, below: UNREAD_PX })
    if (this.#scroll.atBottom) this.#unread = 0
  }

  /** Draws the lines anew, because the person has another name. */
  redraw(): void {
    this.#log.isStale = false
    this.#scroll.keep(() => this.#view.show(this.#log))
    this.#update()
  }

  /** Takes messages for all rooms, and returns those that are new, and not new to this page alone. */
  take({ messages, gaps, rooms }: Batch): Message[] {
    const fresh: Message[] = []
    const named = new Set([...messages, ...gaps].map(({ room }) => room))
    for (const room of Object.keys(rooms ?? {})) named.add(room)
    for (const room of named) {
      const log = this.#logOf(room)
      const wasLoaded = log.loaded
      const lines = log.take(messages, gaps)
      const from = wasLoaded ? 0 : (this.#parts.readTo(room) ?? Infinity)
      fresh.push(...lines.flatMap((line) => (line.kind === 'message' && line.message.id > from ? [line.message] : [])))
      const changed = [...log.changed]
      log.changed.clear()
      if (log === this.#log) changed.forEach(this.onChange)
      if (log === this.#log && log.isStale) this.redraw()
      else if (log === this.#log) this.#append(lines, wasLoaded)
      else log.trimStart()
    }
    return fresh
  }

  forget(room: string): void {
    this.#logs.delete(room)
  }

  /** Has the log this message? */
  knows(message: Message): boolean {
    return this.#logOf(message.room).knows(message)
  }

  /** Goes to the newest line. */
  async jump(): Promise<void> {
    if (!this.#log.atEnd) await this.#reload()
    this.#scroll.toBottom()
    this.#scrolled()
  }

  #logOf(room: string): Log {
    let log = this.#logs.get(room)
    if (log === undefined) this.#logs.set(room, (log = new Log(room)))
    return log
  }

  #append(lines: ReturnType<Log['take']>, wasLoaded: boolean): void {
    const chats = lines.filter((line) => line.kind === 'message' && line.message.type === 'chat').length
    if (!wasLoaded) {
      this.#drawFirst(lines)
      return this.#update()
    }
    const away = !this.#scroll.atBottom || document.visibilityState === 'hidden'
    this.#scroll.keep(() => {
      if (away && chats > 0) {
        if (this.#unread === 0) this.#view.unmarkNew()
        this.#view.markNew()
        this.#unread += chats
      }
      this.#view.append(lines)
      this.#view.trimStart(this.#log.trimStart())
      this.#update()
    })
  }

  #scrolled(): void {
    if (this.#scroll.atBottom && this.#log.atEnd && document.visibilityState === 'visible') this.#unread = 0
    this.#update()
    if (this.#scroll.nearTop && !this.#scroll.atBottom) void this.#loadOlder()
  }

  #update(): void {
    const { jump, jumpCount, beginning } = this.#parts
    const { room, loaded, lines, oldest } = this.#log
    const isThere = this.#scroll.atBottom && this.#log.atEnd
    // A button that goes takes the focus with it: the keys go on in the log.
    if (isThere && document.activeElement === jump) this.#parts.box.focus({ preventScroll: true })
    jump.hidden = isThere
    jumpCount.hidden = this.#unread === 0
    jumpCount.textContent = String(this.#unread)
    const isEmpty = !lines.some((line) => line.kind === 'gap' || line.message.type === 'chat')
    beginning.classList.toggle('empty', isEmpty)
    beginning.hidden = !loaded || !(isEmpty || oldest === 1)
    beginning.textContent = isEmpty
      ? `Nobody has said anything in #${room} yet. Say hello, or share the link.`
      : `This is where #${room} begins.`
  }

  async #loadOlder(): Promise<void> {
    const log = this.#log
    const before = log.oldest
    if (this.#loading || before === undefined || before <= 1 || this.#emptied.has(log.room)) return
    this.#loading = true
    try {
      const messages = await history(log.room, `&before=${before}`)
      if (messages.length === 0) this.#emptied.add(log.room)
      const lines = log.takeOlder(messages)
      if (log !== this.#log) return
      this.#scroll.keep(() => {
        this.#view.prepend(lines)
        this.#view.trimEnd(log.trimEnd())
        this.#update()
      })
    } catch {
      // No connection: the next scrolling up tries again, and the connection's state is told elsewhere.
    } finally {
      this.#loading = false
    }
  }

  /** Loads a part of what a gap is for: the newest of it. */
  async #fill(first: number): Promise<void> {
    const log = this.#log
    try {
      log.fill(first, await history(log.room, `&before=${first}`))
      if (log === this.#log) this.redraw()
    } catch {
      // No connection, which is told elsewhere: the button is still there.
    }
  }

  async #reload(): Promise<void> {
    const log = this.#log
    try {
      log.reset(await history(log.room, '&limit=500'))
      if (log === this.#log) this.show(log.room)
    } catch {
      // No connection, which is told elsewhere: the newest lines stay where they are, on the server.
    }
  }

  /** Up and Down go from line to line, for those who read with keys. */
  #walk(event: KeyboardEvent): void {
    const line = document.activeElement?.closest('.line') ?? null
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
    const all = [...this.#parts.box.querySelectorAll<HTMLElement>('.line')]
    const at = line instanceof HTMLElement ? all.indexOf(line) : all.length
    const next = all[event.key === 'ArrowUp' ? at - 1 : at + 1]
    if (next === undefined) return
    event.preventDefault()
    next.focus()
  }
}

async function history(room: string, range: string): Promise<Message[]> {
  const limit = range.includes('limit') ? '' : `&limit=${PAGE}`
  const value = await call(platform, { url: BASE, path: `/history?room=${room}${range}${limit}` })
  const { messages } = asFields(value)
  return Array.isArray(messages) ? messages : []
}
