// Files that messages carry. Here they are shown in the log, and taken from a person: pasted, dropped, or chosen. Loaded
// before the first messages are drawn where the chat carries files; elsewhere when the page is idle, to say that it carries
// none. How a file goes out is in upload.ts, which is loaded with the first.
//
//     line drawn ──> dressed: the picture, or a link
//     paste, drop, button ──> the tray above the box ── Send ──> upload ──> message

import type { Message } from '../src/client/wire.js'
import { attachmentElement, sizeWords } from './attachment.js'
import { byId, element } from './element.js'
import { icon } from './icon.js'
import { loadStyle } from './later-style.js'
import { later } from './later-words.js'
import { storedFiles } from './stored-files.js'
import type { Uploads, UploadsParts } from './upload.js'
import { say, words } from './words.js'

const PAPERCLIP =
  'm16.5 9.5-6.4 6.4a3.9 3.9 0 0 1-5.5-5.5l7-7a2.6 2.6 0 0 1 3.7 3.7l-6.7 6.6a1.3 1.3 0 0 1-1.8-1.8l5.8-5.8'

export class Files {
  readonly #parts: UploadsParts
  readonly #lines = byId('lines', HTMLOListElement)
  readonly #form = byId('composer', HTMLFormElement)
  /** The most bytes of a file; undefined where the chat carries none. */
  readonly #most: number | undefined
  #uploads: Uploads | undefined
  #loading: Promise<Uploads> | undefined

  constructor(parts: UploadsParts) {
    this.#parts = parts
    const most = Number(document.documentElement.dataset['files'])
    this.#most = Number.isNaN(most) ? undefined : most
    document.addEventListener('paste', (event) => this.#paste(event))
    addEventListener('dragover', (event) => this.#drag(event))
    addEventListener('dragleave', ({ relatedTarget }) => {
      if (relatedTarget === null) this.#mark(false)
    })
    addEventListener('drop', (event) => this.#drop(event))
  }

  /** Shows files, where there are any. Resolves when the next line can be drawn. */
  async show(): Promise<void> {
    if (this.#most === undefined) return
    this.#addButton()
    // Without the style they are large, and there.
    await loadStyle('static/files.css').catch(() => undefined)
    new MutationObserver((records) => this.#dressAll(records.flatMap(({ addedNodes }) => [...addedNodes]))).observe(
      this.#lines,
      { childList: true },
    )
    this.#dressAll([...this.#lines.children])
    // No connection: they go on after the next reload, or with the next file.
    if (storedFiles.read().files.length > 0) this.#load().catch(() => undefined)
  }

  /** Sends the files in the tray, with a text. False if there are none. */
  send(text: string): boolean {
    return this.#uploads?.send(text) === true
  }

  /** The connection is back. */
  hurry(): void {
    this.#uploads?.hurry()
  }

  #dressAll(nodes: readonly Node[]): void {
    const { conversation } = this.#parts
    const found = nodes.flatMap((node) => {
      const message = node instanceof HTMLElement ? conversation.message(Number(node.dataset['id'])) : undefined
      // What was removed has nothing left.
      return node instanceof HTMLElement && message?.file !== undefined && message.of !== 0 ? [{ node, message }] : []
    })
    if (found.length > 0)
      conversation.scroll.keep(() => {
        for (const { node, message } of found) this.#dress(node, message)
      })
    this.#uploads?.arrived(new Set(found.map(({ message }) => message.key)))
    this.#uploads?.draw()
  }

  #dress(line: HTMLElement, { file, text }: Message): void {
    if (file === undefined || line.querySelector(':scope > .attachment') !== null) return
    const said = line.querySelector<HTMLElement>(':scope > .text')
    // A file that was sent without a text has its name there, for clients that know no files.
    if (said !== null) said.hidden = text === file.name
    line.classList.add('carries')
    said?.after(attachmentElement(file, () => this.#parts.session.token))
  }

  #addButton(): void {
    const box = element('input', { type: 'file', multiple: '', hidden: '' })
    const title = later.chooseFile
    const button = element(
      'button',
      { type: 'button', class: 'icon choose', 'aria-label': title, title },
      icon(PAPERCLIP),
    )
    button.addEventListener('click', () => box.click())
    box.addEventListener('change', () => {
      void this.#take([...(box.files ?? [])])
      box.value = ''
    })
    byId('send', HTMLButtonElement).before(button, box)
    this.#form.classList.add('takes-files')
  }

  #paste(event: ClipboardEvent): void {
    const { clipboardData, target } = event
    const isElsewhere = target instanceof HTMLElement && target.matches('input, textarea:not(#message)')
    const files = [...(clipboardData?.files ?? [])]
    // A table of a spreadsheet comes as a text and as a picture of it: the text is meant.
    if (files.length === 0 || isElsewhere || clipboardData?.types.includes('text/plain') === true) return
    event.preventDefault()
    void this.#take(files)
  }

  #drag(event: DragEvent): void {
    if (event.dataTransfer?.types.includes('Files') !== true) return
    event.preventDefault()
    this.#mark(this.#most !== undefined)
  }

  #drop(event: DragEvent): void {
    if (event.dataTransfer?.types.includes('Files') !== true) return
    // The browser would leave the page for the file.
    event.preventDefault()
    this.#mark(false)
    void this.#take([...event.dataTransfer.files])
  }

  #mark(isOver: boolean): void {
    byId('middle', HTMLElement).classList.toggle('drop', isOver)
  }

  async #take(files: readonly File[]): Promise<void> {
    const { composer } = this.#parts
    const most = this.#most
    composer.focus()
    if (most === undefined) return composer.say(later.noFiles)
    if (files.length === 0) return
    composer.say('')
    try {
      const uploads = await this.#load()
      const large = files.find(({ size }) => size > most)
      await uploads.take(files.filter(({ size }) => size <= most))
      if (large !== undefined) composer.say(say(later.fileTooLarge, { name: large.name, most: sizeWords(most) }))
    } catch {
      // The code of it could not be loaded.
      composer.say(words.noConnection)
    }
  }
  /** Loads what takes files out, which first goes on with those that are not sent. */
  #load(): Promise<Uploads> {
    this.#loading ??= (async () => {
      const { Uploads } = await import('./upload.js')
      const uploads = (this.#uploads = new Uploads(this.#parts))
      await uploads.restore()
      return uploads
    })()
    this.#loading.catch(() => (this.#loading = undefined))
    return this.#loading
  }
}
