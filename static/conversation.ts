// The middle of the page: the log of the current room. It connects the lines (log.ts), their elements (log-view.ts),
// the reading place (scroll.ts), and what is on the server and not here (past.ts).

import type { Message } from '../src/client/wire.js'
import { byId, hide, write } from './element.js'
import { whenIdle } from './idle.js'
import { type Line, Log } from './log.js'
import { LogView } from './log-view.js'
import type { Past } from './past.js'
import { Scroll } from './scroll.js'
import type { Batch } from './tabs.js'
import type { Reader } from './text.js'
import { numberWords, say, words } from './words.js'

export type Parts = {
  readonly reader: () => Reader
  readonly token: () => string | undefined
  /** The id that was read last in a room. */
  readonly readTo: (room: string) => number | undefined
}

/** How far below the top the first unread message stands when a room is opened. */
const UNREAD_PX = 60

export class Conversation {
  readonly #parts: Parts
  readonly #box = byId('log', HTMLElement)
  readonly #beginning = byId('beginning', HTMLElement)
  readonly #jumpButton = byId('jump', HTMLButtonElement)
  readonly #jumpCount = byId('jump-count', HTMLElement)
  readonly #view: LogView
  readonly #scroll: Scroll
  readonly #logs = new Map<string, Log>()
  #log = new Log('')
  #past: Past | undefined
  /** Told of messages that people changed (amend.ts). */
  onChange: (id: number) => void = () => undefined
  #unread = 0
  /** Where the person left each room: the id of a message, and how far below the top it stood. */
  readonly #places = new Map<string, { readonly id: string; readonly below: number }>()

  constructor(parts: Parts) {
    const lines = byId('lines', HTMLOListElement)
    this.#parts = parts
    this.#view = new LogView(lines, parts.reader)
    this.#scroll = new Scroll(this.#box)
    this.#scroll.onScroll(() => this.#scrolled())
    whenIdle(async () => void (await import('./past.js')))
    this.#jumpButton.addEventListener('click', () => void this.jump())
    document.addEventListener('visibilitychange', () => this.#scrolled())
    this.#box.addEventListener('keydown', (event) => this.#walk(event))
    lines.addEventListener('click', ({ target }) => {
      if (target instanceof HTMLElement && target.dataset['first'] !== undefined)
        void this.#inPast((past) => past.fill(Number(target.dataset['first'])))
    })
  }

  /** A message of the current room. */
  message(id: number): Message | undefined {
    return this.#log.get(id)
  }

  /** What is known of the current room. */
  get log(): Log {
    return this.#log
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
    this.#draw(new Log(room))
    this.#drawFirst(this.#log.lines)
    this.#update()
  }

  /** Draws a log anew. A whole room that comes into view should not be read out. */
  #draw(log: Log): void {
    this.#box.ariaBusy = 'true'
    this.#view.show(log)
    setTimeout(() => (this.#box.ariaBusy = null), 500)
  }

  /** Remembers the place of a person who scrolled away. */
  #leave(): void {
    const place = this.#scroll.place
    const id = place?.line instanceof HTMLElement ? place.line.dataset['id'] : undefined
    if (place === undefined || id === undefined) this.#places.delete(this.#log.room)
    else this.#places.set(this.#log.room, { id, below: place.below })
  }

  /** Draws the first lines of a room, and goes to where the person left it or to the first unread one. */
  #drawFirst(lines: readonly Line[]): void {
    const { room } = this.#log
    const { reader, readTo } = this.#parts
    const from = readTo(room) ?? Infinity
    const isUnread = (message: Message): boolean =>
      message.type === 'chat' && message.id > from && message.username !== reader().name
    const marker = this.#view.appendUnread(lines, isUnread)
    this.#unread = lines.filter((part) => part.kind === 'message' && isUnread(part.message)).length
    const place = this.#places.get(room)
    const line = place === undefined ? null : this.#box.querySelector(`[data-id="${place.id}"]`)
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
    if (!this.#log.atEnd) await this.#inPast((past) => past.reload())
    this.#scroll.toBottom()
    this.#scrolled()
  }

  /** Goes to a message of this room, also where it is not here yet. Resolves with whether that was possible. */
  async goTo(id: number): Promise<boolean> {
    return (await this.#inPast((past) => past.goTo(id))) === true
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
    if (this.#scroll.nearTop && !this.#scroll.atBottom) void this.#inPast((past) => past.older())
    if (this.#scroll.nearBottom && !this.#log.atEnd) void this.#inPast((past) => past.newer())
  }

  #update(): void {
    const { room, loaded, lines, oldest } = this.#log
    const isThere = this.#scroll.atBottom && this.#log.atEnd
    // A button that goes takes the focus with it: the keys go on in the log.
    if (isThere && document.activeElement === this.#jumpButton) this.#box.focus({ preventScroll: true })
    hide(this.#jumpButton, isThere)
    hide(this.#jumpCount, this.#unread === 0)
    write(this.#jumpCount, numberWords(this.#unread))
    const isEmpty = !lines.some((line) => line.kind === 'gap' || line.message.type === 'chat')
    this.#beginning.classList.toggle('empty', isEmpty)
    hide(this.#beginning, !loaded || !(isEmpty || oldest === 1))
    write(this.#beginning, say(isEmpty ? words.nobodySaid : words.begins, { room: `#${room}` }))
  }

  /** Without a connection, which is told elsewhere, nothing happens: the next try may find one. */
  async #inPast<Done>(act: (past: Past) => Promise<Done>): Promise<Done | undefined> {
    try {
      const { Past } = await import('./past.js')
      this.#past ??= new Past({
        token: this.#parts.token,
        log: () => this.#log,
        view: this.#view,
        scroll: this.#scroll,
        draw: () => this.#draw(this.#log),
        redraw: () => this.redraw(),
        show: () => this.show(this.#log.room),
        update: () => this.#update(),
      })
      return await act(this.#past)
    } catch {
      return undefined
    }
  }

  /** Up and Down go from line to line, for people who read with keys. */
  #walk(event: KeyboardEvent): void {
    const line = document.activeElement?.closest('.line') ?? null
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
    const all = [...this.#box.querySelectorAll<HTMLElement>('.line')]
    const at = line instanceof HTMLElement ? all.indexOf(line) : all.length
    const next = all[event.key === 'ArrowUp' ? at - 1 : at + 1]
    if (next === undefined) return
    event.preventDefault()
    next.focus()
  }
}
