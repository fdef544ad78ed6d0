// What people do with a message that is there: they answer it, react to it, and edit or delete their own. Loaded when
// the page is idle. A line is drawn without it, and is dressed here when it comes into the log.
//
//     line drawn ──> dressed: the message that it answers, (edited), reactions
//     pointer over it, long press, focus ──> tools: React  Reply  Edit  Delete
//     ↑ in the empty box ──> one's own last message is edited

import { defaultPlatform as platform } from '../src/client/platform.js'
import { call, type Message } from '../src/client/wire.js'
import { BASE } from './base.js'
import type { Composer } from './composer.js'
import type { Conversation } from './conversation.js'
import { byId, element } from './element.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import type { Session } from './session.js'
import { textElement } from './text.js'
import { whyRefused } from './welcome.js'
import { locale, numberWords, say } from './words.js'

export type AmendParts = {
  readonly conversation: Conversation
  readonly session: Session
  readonly composer: Composer
  readonly room: () => string
}

/** The emoji that most people want. */
const EMOJI = ['👍', '❤️', '😂', '🎉', '🤔', '✋']

const QUOTE_UNITS = 120

const hasFinger = matchMedia('(pointer: coarse)')

export class Amend {
  readonly #parts: AmendParts
  readonly #lines = byId('lines', HTMLOListElement)
  readonly #tools = element('div', { class: 'tools', role: 'group', 'aria-label': later.message })
  readonly #answering = element('p', { class: 'answering', hidden: '' })
  /** The message that the next one answers, and its room. */
  #of: { readonly room: string; readonly id: number } | undefined
  #editing: HTMLElement | undefined

  constructor(parts: AmendParts) {
    this.#parts = parts
    const { conversation } = parts
    byId('composer', HTMLFormElement).prepend(this.#answering)
    conversation.onChange = (id) => this.#dressAll([this.#lineOf(id)])
    new MutationObserver((records) => this.#dressAll(records.flatMap(({ addedNodes }) => [...addedNodes]))).observe(
      this.#lines,
      { childList: true },
    )
    // Not `pointerover`: when a message comes in, lines move on below a pointer that rests.
    this.#lines.addEventListener('pointermove', ({ target, pointerType }) => {
      if (pointerType === 'mouse' && !this.#tools.contains(document.activeElement)) this.#offer(lineAt(target))
    })
    this.#lines.addEventListener('focusin', ({ target }) => this.#offer(lineAt(target)))
    // A long press. On iOS that is no event, and a tap does it.
    this.#lines.addEventListener('contextmenu', ({ target }) => {
      if (hasFinger.matches) this.#offer(lineAt(target))
    })
    this.#lines.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType === 'mouse' && !this.#tools.contains(document.activeElement)) this.#close()
    })
    this.#lines.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return
      const line = lineAt(event.target)
      this.#close()
      line?.focus()
    })
    this.#lines.addEventListener('click', ({ target }) => this.#clicked(target))
    void laterStyle().then(() => this.#dressAll([...this.#lines.children]))
  }

  /** Edits one's own newest message. The text does not come back into the box. */
  editLast(): undefined {
    const line = [...this.#lines.querySelectorAll<HTMLElement>('.line.mine')].findLast((one) => this.#messageOf(one))
    if (line === undefined) return
    line.scrollIntoView({ block: 'nearest' })
    this.#edit(line)
  }

  /** Sends a text as an answer, if a message is being answered. False if none is. */
  answer(text: string): boolean {
    const of = this.takeAnswered()
    if (of === undefined) return false
    void this.#ask('/send', { text, of, key: platform.key() }).then((sentence) => {
      if (sentence !== '') this.#parts.composer.giveBack(text, sentence)
      else void this.#parts.conversation.jump()
    })
    return true
  }

  /** The message that the next one answers, and then no more; undefined without one. */
  takeAnswered(): number | undefined {
    const of = this.#of
    if (of === undefined || of.room !== this.#parts.room()) return undefined
    this.#answerTo(undefined)
    return of.id
  }

  #dressAll(nodes: readonly (Node | undefined)[]): void {
    const lines = nodes.filter((node) => node instanceof HTMLElement && node.dataset['id'] !== undefined)
    if (lines.length > 0)
      this.#parts.conversation.scroll.keep(() => {
        for (const line of lines) if (line instanceof HTMLElement) this.#dress(line)
      })
  }

  #dress(line: HTMLElement): void {
    const message = this.#messageOf(line)
    if (message === undefined) return
    for (const part of line.querySelectorAll(':scope > .quote, :scope > .reactions')) part.remove()
    const text = line.querySelector(':scope > .text')
    if (text === null) return
    if (message.edited !== undefined) {
      const { node } = textElement(message.text, { name: this.#parts.session.username }, message.username)
      const when = new Date(message.edited).toLocaleString(locale)
      node.append(' ', element('small', { class: 'edited', title: when }, later.edited))
      text.replaceWith(node)
    }
    if (message.of !== undefined) {
      line.classList.add('answers')
      line.querySelector(':scope > .text')?.before(this.#quote(message.of))
    }
    const some = message.reactions?.filter(({ by }) => by.length > 0) ?? []
    if (some.length > 0) line.append(element('div', { class: 'reactions' }, ...some.map((one) => this.#reaction(one))))
    if (line.contains(this.#tools)) this.#put(line)
  }

  #quote(of: number): HTMLElement {
    const about = this.#parts.conversation.message(of)
    const what = about === undefined ? later.earlier : `${about.username}: ${firstLine(about)}`
    return element(
      'button',
      { type: 'button', class: 'quote', 'data-to': String(of), 'aria-label': say(later.answers, { what }) },
      element('span', { class: 'arrow' }, '↪'),
      ' ',
      element('bdi', {}, what),
    )
  }

  #reaction({ text, by }: { readonly text: string; readonly by: readonly string[] }): HTMLElement {
    const names = new Intl.ListFormat(locale).format(by)
    const count = numberWords(by.length)
    const pressed = String(by.includes(this.#parts.session.username))
    const told = { title: names, 'aria-label': `${text} ${count}: ${names}`, 'aria-pressed': pressed }
    return element('button', { type: 'button', 'data-emoji': text, ...told }, `${text} ${count}`)
  }

  #clicked(target: EventTarget | null): void {
    const button = target instanceof Element ? target.closest('button') : null
    const line = lineAt(target)
    if (line === undefined) return
    if (button === null) return hasFinger.matches ? this.#offer(line) : undefined
    const { emoji, to } = button.dataset
    if (to !== undefined) {
      void this.#parts.conversation.goTo(Number(to)).then((isThere) => {
        if (!isThere) this.#parts.composer.say(later.notLoaded)
      })
    } else if (emoji !== undefined) void this.#react(line, emoji, button.ariaPressed !== 'true')
  }

  async #react(line: HTMLElement, text: string, on: boolean): Promise<void> {
    const sentence = await this.#ask('/react', { of: idOf(line), text, on })
    if (sentence !== '') this.#parts.composer.say(sentence)
  }

  /** Shows the tools at a line, if its message is there. */
  #offer(line: HTMLElement | undefined): void {
    if (line === undefined || line.contains(this.#tools) || line === this.#editing) return
    this.#close()
    const message = this.#messageOf(line)
    if (message === undefined) return
    const isMine = message.username === this.#parts.session.username
    const buttons = [
      this.#tool(later.react, () => this.#pick(line)),
      this.#tool(later.reply, () => this.#answerTo(message)),
      ...(isMine
        ? [this.#tool(later.edit, () => this.#edit(line)), this.#tool(later.delete, () => this.#confirm(line))]
        : []),
    ]
    this.#tools.replaceChildren(...buttons)
    line.classList.add('tooled')
    this.#put(line)
  }

  /** The tools come before the names of who has read the message, also for the Tab key. */
  #put(line: HTMLElement): void {
    line.insertBefore(this.#tools, line.querySelector(':scope > .seen'))
  }

  #close(): void {
    this.#tools.parentElement?.classList.remove('tooled')
    this.#tools.remove()
  }

  #pick(line: HTMLElement): void {
    const done = (emoji: string): void => {
      this.#close()
      line.focus()
      void this.#react(line, emoji, true)
    }
    const box = element('input', {
      type: 'text',
      'aria-label': later.anotherEmoji,
      placeholder: later.anyEmoji,
      autocomplete: 'off',
    })
    box.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.isComposing || box.value.trim() === '') return
      event.preventDefault()
      done(box.value.trim())
    })
    const buttons = EMOJI.map((emoji) => {
      const button = this.#tool(emoji, () => done(emoji))
      button.classList.add('emoji')
      return button
    })
    this.#tools.replaceChildren(...buttons, box)
    buttons[0]?.focus()
  }

  #confirm(line: HTMLElement): void {
    const remove = this.#tool(later.delete, async () => {
      this.#close()
      this.#parts.composer.focus()
      const sentence = await this.#ask('/remove', { id: idOf(line) })
      if (sentence !== '') this.#parts.composer.say(sentence)
    })
    remove.classList.add('danger')
    const keep = this.#tool(later.keep, () => {
      this.#close()
      line.focus()
    })
    this.#tools.replaceChildren(element('span', {}, later.deleteForAll), remove, keep)
    keep.focus()
  }

  /** Lets a person edit a message where it stands. */
  #edit(line: HTMLElement): void {
    const message = this.#messageOf(line)
    if (message === undefined || this.#editing?.isConnected === true) return
    this.#close()
    this.#editing = line
    const box = element('textarea', { 'aria-label': later.editMessage, rows: '1' })
    box.value = message.text
    const error = element('span', { class: 'error', role: 'alert' })
    const end = (): void => {
      form.remove()
      line.classList.remove('editing')
      this.#editing = undefined
      this.#parts.composer.focus()
    }
    const save = async (): Promise<void> => {
      if (box.value === message.text) return end()
      const sentence = await this.#ask('/edit', { of: message.id, text: box.value, key: platform.key() })
      if (sentence === '') end()
      else error.textContent = sentence
    }
    const form = element(
      'form',
      { class: 'edit', novalidate: '' },
      box,
      element('button', { class: 'primary' }, later.save),
    )
    form.append(this.#tool(later.cancel, end), error)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void save()
    })
    box.addEventListener('keydown', (event) => {
      event.stopPropagation()
      if (event.isComposing) return
      if (event.key === 'Escape') end()
      if (event.key !== 'Enter' || event.shiftKey) return
      event.preventDefault()
      void save()
    })
    line.classList.add('editing')
    this.#parts.conversation.scroll.keep(() => line.append(form))
    box.focus()
    box.setSelectionRange(box.value.length, box.value.length)
  }

  #answerTo(message: Message | undefined): void {
    this.#of = message === undefined ? undefined : { room: message.room, id: message.id }
    this.#answering.hidden = message === undefined
    if (message === undefined) return
    const told = element('span', {}, say(later.replyTo, { name: message.username, text: firstLine(message) }))
    this.#answering.replaceChildren(
      told,
      this.#tool(later.cancel, () => {
        this.#answerTo(undefined)
        this.#parts.composer.focus()
      }),
    )
    this.#close()
    this.#parts.composer.focus()
  }

  #tool(name: string, act: () => unknown): HTMLButtonElement {
    const button = element('button', { type: 'button', class: 'quiet' }, name)
    button.addEventListener('click', (event) => {
      event.stopPropagation()
      act()
    })
    return button
  }

  /** The message of a line, unless it was removed. */
  #messageOf(line: HTMLElement): Message | undefined {
    const message = this.#parts.conversation.message(idOf(line))
    return message?.of === 0 ? undefined : message
  }

  #lineOf(id: number): HTMLElement | undefined {
    return this.#lines.querySelector<HTMLElement>(`.line[data-id="${id}"]`) ?? undefined
  }

  /** Asks the server for a change in this room. Resolves with the reason why not, or with nothing. */
  async #ask(path: string, body: object): Promise<string> {
    try {
      const { session, room } = this.#parts
      await call(platform, { url: BASE, path, body: { room: room(), ...body }, token: session.token })
      return ''
    } catch (error) {
      return whyRefused(error)
    }
  }
}

function lineAt(target: EventTarget | null): HTMLElement | undefined {
  return target instanceof Element ? (target.closest<HTMLElement>('.line[data-id]') ?? undefined) : undefined
}

function idOf(line: HTMLElement): number {
  return Number(line.dataset['id'])
}

function firstLine({ text }: Message): string {
  const [first = ''] = text.split('\n', 1)
  return first.length > QUOTE_UNITS ? `${first.slice(0, QUOTE_UNITS)}…` : first
}
