// Files on their way out: first in a tray above the box, then each at the end of the log until its message is there.
//
//     tray ── Send ──> uploading ── 201 ──> sending ── 201 ──> in the log
//                          │   └─ Cancel ─> gone   │
//                          └── no connection, busy ┴─> held ──> tried again
//                          └── refused, or too often ─> failed: the person retries or deletes it
//
// One goes after the other, in their order. After a reload they go on under the same keys, so a message arrives once: what is
// known of them is in stored-files.ts, and the files are in kept-files.ts. Where the browser cannot keep a file, the page asks
// before it is left.

import { backoffMs } from '../src/client/backoff.js'
import { defaultPlatform as platform } from '../src/client/platform.js'
import { type Message, Refused, send } from '../src/client/wire.js'
import { draftElement } from './attachment.js'
import { BASE } from './base.js'
import type { Composer } from './composer.js'
import type { Conversation } from './conversation.js'
import { byId, element } from './element.js'
import { fileName } from './file-name.js'
import { KeptFiles } from './kept-files.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import { messageLine } from './line.js'
import { postFile } from './post-file.js'
import type { Rooms } from './rooms.js'
import type { Session } from './session.js'
import { type FileNote, storedFiles } from './stored-files.js'
import { choose, type Chosen, release, Tray } from './tray.js'
import { actButton, troubleParts } from './trouble.js'
import { wordsOf } from './welcome.js'
import { say } from './words.js'

/** After so many lost connections in a row the person decides. */
const TRIES = 6

/** So long after it was sent the log has a message, or never will: its server has restarted, and the log says so. */
const SENT_MS = 20_000

/** The server forgets who a person is, or what came in: then it is done once more from the beginning. */
const ANEW: ReadonlySet<string> = new Set(['unauthorized', 'not_joined', 'not_found'])

type Outgoing = Chosen & {
  readonly room: string
  readonly text: string
  readonly of: number | undefined
  readonly line: HTMLElement
  /** What becomes of it, in words and buttons. */
  readonly state: HTMLElement
  phase: 'ready' | 'going' | 'held' | 'failed' | 'sent'
  failures: number
  /** The id that the server gave it. */
  id?: string | undefined
  message?: Message
  /** Ends what is going on: the upload, or a wait. */
  stop?: () => void
}

export type UploadsParts = {
  readonly conversation: Conversation
  readonly composer: Composer
  readonly rooms: Rooms
  readonly session: Session
  /** The session is over, or the room was not joined. */
  readonly rejoin: (room: string) => Promise<void>
  /** The message that the next one answers, which then is answered. */
  readonly answered: () => number | undefined
}

export class Uploads {
  readonly #parts: UploadsParts
  readonly #list = element('ol', { class: 'lines pending', role: 'list' })
  readonly #kept = new KeptFiles()
  readonly #tray: Tray
  #going: Outgoing[] = []
  #isBusy = false

  constructor(parts: UploadsParts) {
    this.#parts = parts
    this.#tray = new Tray({
      composer: parts.composer,
      cameIn: ({ key, file }) => {
        void this.#kept.keep(key, file)
        this.#note()
      },
      leftOut: (chosen) => this.#forget(chosen),
    })
    byId('pending', HTMLOListElement).after(this.#list)
    parts.rooms.onChange(() => this.draw())
    addEventListener('beforeunload', (event) => {
      if (this.#unsent.some(({ key }) => !this.#kept.has(key))) event.preventDefault()
    })
    void laterStyle()
  }

  get #unsent(): readonly (Chosen | Outgoing)[] {
    return [...this.#going.filter(({ phase }) => phase !== 'sent'), ...this.#tray.chosen]
  }

  /** Goes on with what this tab had not sent before a reload. */
  async restore(): Promise<void> {
    const { session, composer } = this.#parts
    const { username, files } = storedFiles.read()
    const found = await Promise.all(files.map(async (note) => ({ note, file: await this.#kept.read(note.key) })))
    for (const { note, file } of found) {
      if (username !== session.username) void this.#kept.drop(note.key)
      else if (file === undefined) composer.say(say(later.fileEmpty, { name: note.name }))
      else await this.#goOn(note, file)
    }
    this.#note()
    this.draw()
    void this.#pump()
  }

  async #goOn({ key, room, text = '', of, id }: FileNote, file: File): Promise<void> {
    const chosen = await choose(key, file)
    if (room === undefined) this.#tray.show([...this.#tray.chosen, chosen])
    else this.#going.push({ ...this.#outgoing(chosen, room, { text, of }), id })
  }

  /** Puts files into the tray. */
  take(files: readonly File[]): Promise<void> {
    return this.#tray.take(files)
  }

  /** Sends what is in the tray, the text with the first. False if there is nothing. */
  send(text: string): boolean {
    const { rooms, conversation, answered } = this.#parts
    const { chosen } = this.#tray
    if (chosen.length === 0) return false
    const of = answered()
    for (const [i, one] of chosen.entries()) {
      const first = i === 0 ? { text, of } : { text: '', of: undefined }
      this.#going.push(this.#outgoing(one, rooms.current, first))
    }
    this.#tray.show([])
    this.#note()
    this.draw()
    void conversation.jump()
    void this.#pump()
    return true
  }

  /** The connection is back: what waits for it is tried now. */
  hurry(): void {
    for (const one of this.#going) if (one.phase === 'held') this.#again(one)
  }

  /** These messages are in the log now. */
  arrived(keys: ReadonlySet<string | undefined>): void {
    for (const one of this.#going) if (keys.has(one.key)) this.#remove(one)
  }

  /** Shows what goes out into the room of this page. */
  draw(): void {
    const { rooms, conversation } = this.#parts
    for (const one of this.#going) if (one.message !== undefined && conversation.knows(one.message)) this.#remove(one)
    const lines = this.#going.filter(({ room }) => room === rooms.current).map(({ line }) => line)
    if (lines.length === this.#list.childElementCount && lines.every((line, i) => line === this.#list.children[i]))
      return
    conversation.scroll.keep(() => this.#list.replaceChildren(...lines))
    conversation.scroll.settle()
  }

  #outgoing(chosen: Chosen, room: string, { text, of }: Pick<Outgoing, 'text' | 'of'>): Outgoing {
    const { session, conversation } = this.#parts
    const reader = { name: session.username }
    const said = { username: session.username, text, timestamp: Date.now() }
    const line = messageLine(said, reader, this.#going.length === 0 ? conversation.newest : undefined)
    const state = element('div', { class: 'state' })
    const body = line.querySelector<HTMLElement>('.text')
    if (body !== null) body.hidden = text === ''
    body?.after(draftElement(chosen.file, chosen.picture))
    line.classList.add('carries')
    line.append(state)
    return { ...chosen, room, text, of, line, state, phase: 'ready', failures: 0 }
  }

  async #pump(): Promise<void> {
    const next = this.#going.find(({ phase }) => phase === 'ready')
    if (next === undefined || this.#isBusy) return
    this.#isBusy = true
    try {
      await this.#try(next)
    } finally {
      this.#isBusy = false
    }
    await this.#pump()
  }

  async #try(one: Outgoing): Promise<void> {
    const controller = new AbortController()
    one.phase = 'going'
    one.stop = () => controller.abort()
    try {
      await this.#deliver(one, controller.signal).catch(async (error: unknown) => {
        if (!(error instanceof Refused) || !ANEW.has(error.code)) throw error
        one.id = undefined
        if (error.code !== 'not_found') await this.#parts.rejoin(one.room)
        await this.#deliver(one, controller.signal)
      })
    } catch (error) {
      if (!controller.signal.aborted) this.#give(one, error)
    }
  }

  async #deliver(one: Outgoing, signal: AbortSignal): Promise<void> {
    const { room, text, key, of } = one
    const token = this.#parts.session.token
    one.id ??= await this.#upload(one, token, signal)
    signal.throwIfAborted()
    this.#note()
    this.#tell(one, 'sending')
    const body = { room, key, of, file: one.id, ...(text === '' ? {} : { text }) }
    const { message } = await send(platform, { url: BASE, path: '/send', body, token, signal })
    one.phase = 'sent'
    one.message = message
    this.#note()
    one.stop = platform.after(SENT_MS, () => this.#remove(one))
    this.draw()
  }

  #upload(one: Outgoing, token: string | undefined, signal: AbortSignal): Promise<string> {
    const name = fileName(one.file.name)
    const done = element('progress', { max: '1', value: '0', 'aria-label': say(later.uploading, { name }) })
    const cancel = actButton(later.cancel, () => this.#remove(one), this.#toBox)
    this.#tell(one, 'sending', done, cancel)
    const address = `${BASE}/files?room=${one.room}&name=${encodeURIComponent(name)}`
    return postFile(address, token, one.file, signal, (fraction) => (done.value = fraction))
  }

  /** It did not arrive: it is held for another try, or has failed if another try makes no sense. */
  #give(one: Outgoing, error: unknown): void {
    const isRefused = error instanceof Refused
    // An earlier try has arrived, whose answer was lost with the page.
    if (isRefused && error.code === 'key_reused') return this.#remove(one)
    one.failures++
    const isOver = isRefused ? error.isFinal || error.code === 'full' : one.failures >= TRIES
    one.phase = isOver ? 'failed' : 'held'
    if (!isOver) {
      const ms = Math.max(isRefused ? (error.retryAfterMs ?? 0) : 0, backoffMs(one.failures, platform.fraction()))
      one.stop = platform.after(ms, () => this.#again(one))
    }
    const trouble = troubleParts({
      why: isRefused ? wordsOf(error.message, error.code) : later.noServer,
      waits: !isOver,
      retry: () => {
        one.failures = 0
        this.#again(one)
      },
      remove: () => this.#remove(one),
      toBox: this.#toBox,
    })
    this.#tell(one, isOver ? 'failed' : 'waiting', ...trouble)
  }

  #again(one: Outgoing): void {
    one.stop?.()
    one.phase = 'ready'
    this.#tell(one, 'sending')
    void this.#pump()
  }

  #remove(one: Outgoing): void {
    one.stop?.()
    this.#going = this.#going.filter((other) => other !== one)
    this.#forget(one)
    this.draw()
  }

  #forget(one: Chosen): void {
    release(one)
    void this.#kept.drop(one.key)
    this.#note()
  }

  /** Notes what is not sent, for the time after a reload. */
  #note(): void {
    const files = this.#unsent.map((one) => {
      const { key, file } = one
      return 'room' in one
        ? { key, name: file.name, room: one.room, text: one.text, of: one.of, id: one.id }
        : { key, name: file.name }
    })
    storedFiles.write({ username: this.#parts.session.username, files })
  }

  readonly #toBox = (): void => this.#parts.composer.focus()

  #tell({ line, state }: Outgoing, name: 'sending' | 'waiting' | 'failed', ...parts: HTMLElement[]): void {
    line.dataset['state'] = name
    line.setAttribute('aria-busy', String(name === 'sending'))
    this.#parts.conversation.scroll.keep(() => state.replaceChildren(...parts))
    this.#parts.conversation.scroll.settle()
  }
}
