// A moderator's small menu, below the moderator's name. Loaded where the server has moderators. It first asks for the
// key, which makes this browser's session a moderator; then it has a button for each order.
//
//     Mute …   a name, for five minutes         Close / Open   this room
//     Remove   the message that has the focus   Clear          this room
//                                               Slow mode      this room: how often each person may write
//
// The key stays in the storage of this tab: a new session, after a reload or a restart, is shown it again.

import { defaultPlatform as platform } from '../src/client/platform.js'
import { call, isUnauthorized, Refused } from '../src/client/wire.js'
import { BASE } from './base.js'
import { byId, element } from './element.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import type { People } from './people.js'
import type { Session } from './session.js'
import { asString, stored } from './storage.js'
import { whyRefused } from './welcome.js'
import { say, sayCount } from './words.js'

export type ModerateParts = {
  readonly room: () => string
  readonly session: Session
  readonly people: People
}

/** Seconds between two messages of a person, to choose from; 0 ends the slow mode. */
const PACES = [0, 5, 10, 30, 60]

export function wireModeration({ room, session, people }: ModerateParts): void {
  const lines = byId('lines', HTMLElement)
  const list = byId('people', HTMLElement)
  const storedKey = stored('session', 'admin-key', asString)
  const said = element('p', { class: 'hint', role: 'status' })
  const key = boxOf(later.moderatorKey, 'password')
  const name = boxOf(later.nameToMute, 'text')
  const lock = formOf(key, later.moderate, async () => {
    storedKey.write(key.value)
    if (await appoint()) said.textContent = later.moderatesNow
  })
  const orders = element('div', { class: 'orders', hidden: '' }, formOf(name, later.mute, mute))
  let chosen: HTMLElement | undefined
  let token = session.token

  const button = (words: string, act: () => Promise<unknown>): void => {
    const made = element('button', { class: 'quiet', type: 'button' }, words)
    made.addEventListener('click', () => void act())
    orders.append(made)
  }
  button(later.removeMessage, removeChosen)
  button(later.closeRoom, () => order('/close', { closed: true }, later.roomClosed))
  button(later.openRoomAgain, () => order('/close', { closed: false }, later.roomOpen))
  button(
    later.clearRoom,
    async () => confirm(say(later.clearAll, { room: room() })) && order('/clear', {}, later.roomCleared),
  )

  const pace = element('select', { id: 'pace' })
  pace.addEventListener('change', () => void slowDown(Number(pace.value)))
  people.onShow((state) => showPace(state?.slow ?? 0))
  orders.append(element('label', { class: 'pace' }, later.slowMode, pace))
  showPace(people.state(room())?.slow ?? 0)

  // Pressing the button takes the focus from the line. The last line that had it is the one that is meant, and is
  // marked.
  lines.addEventListener('focusin', ({ target }) => choose(target instanceof Element ? target.closest('.line') : null))
  lines.addEventListener('click', ({ target }) => {
    const line = target instanceof Element ? target.closest('.line') : null
    if (!orders.hidden && line instanceof HTMLElement) line.focus()
  })
  session.onChange(() => {
    if (session.token === undefined || session.token === token) return
    token = session.token
    void appoint()
  })
  byId('me', HTMLElement)
    .closest('.me')
    ?.append(element('details', { class: 'moderate' }, element('summary', {}, later.moderate), lock, orders, said))
  void laterStyle()
  void appoint()

  function choose(line: Element | null): void {
    if (orders.hidden || !(line instanceof HTMLElement)) return
    chosen?.classList.remove('chosen')
    chosen = line
    line.classList.add('chosen')
  }

  /** Sends the key for this session. Answers whether the session moderates now. */
  async function appoint(): Promise<boolean> {
    if (storedKey.read() === '') {
      show(false)
      return false
    }
    const before = session.token
    try {
      await ask('/admin', { key: storedKey.read() })
    } catch (error) {
      if (isUnauthorized(error) && (await hasAnother(before))) return appoint()
      if (error instanceof Refused && error.isFinal) storedKey.write('')
      show(false)
      said.textContent = whyRefused(error)
      return false
    }
    key.value = ''
    show(true)
    return true
  }

  /** The session may be over, and not the key wrong: then it is another one after this. */
  async function hasAnother(before: string | undefined): Promise<boolean> {
    // No connection, or another person has the name now: the key is asked for again.
    await session.join(room()).catch(() => undefined)
    return session.token !== undefined && session.token !== before
  }

  function show(moderates: boolean): void {
    document.documentElement.toggleAttribute('data-moderates', moderates)
    lock.hidden = moderates
    orders.hidden = !moderates
  }

  async function mute(): Promise<void> {
    const wanted = name.value.trim()
    const known = [list, lines].flatMap((place) => [...place.querySelectorAll('.who')])
    if (known.some(({ textContent }) => textContent?.toLowerCase() === wanted.toLowerCase()))
      await order('/mute', { username: wanted }, say(later.muted, { name: wanted }))
    else said.textContent = say(later.nobodyMuted, { name: wanted })
  }

  /** Another pace than those to choose from (`/slow 45`) is one of them for as long as it lasts. */
  function showPace(slow: number): void {
    const wanted = [...new Set([...PACES, slow])].toSorted((a, b) => a - b).map(String)
    if (wanted.join() !== [...pace.options].map(({ value }) => value).join())
      pace.replaceChildren(
        ...wanted.map((seconds) => element('option', { value: seconds }, paceWords(Number(seconds)))),
      )
    pace.value = String(slow)
  }

  async function slowDown(seconds: number): Promise<void> {
    const done = seconds === 0 ? later.slowEnded : sayCount(later.slowNotice, seconds)
    // It shows what the server has, also after a refusal.
    if (!(await order('/slow', { seconds }, done))) showPace(people.state(room())?.slow ?? 0)
  }

  async function removeChosen(): Promise<void> {
    // A line that was drawn anew has no mark: it has to be chosen again.
    const id = Number(chosen?.isConnected === true ? chosen.dataset['id'] : Number.NaN)
    if (Number.isNaN(id)) return void (said.textContent = later.clickFirst)
    if (await order('/remove', { id }, later.messageRemoved)) chosen = undefined
  }

  async function order(path: string, body: object, done: string): Promise<boolean> {
    try {
      await ask(path, { room: room(), ...body }).catch(async (error: unknown) => {
        // The session may be a new one: with the key it has the right again.
        const lacksRight = error instanceof Refused && (error.status === 401 || error.status === 403)
        if (!lacksRight || !(await appoint())) throw error
        await ask(path, { room: room(), ...body })
      })
      said.textContent = done
      return true
    } catch (error) {
      said.textContent = whyRefused(error)
      return false
    }
  }

  async function ask(path: string, body: object): Promise<unknown> {
    return call(platform, { url: BASE, path, body, token: session.token })
  }
}

function paceWords(seconds: number): string {
  return seconds === 0 ? later.slowOff : say(later.seconds, { n: seconds })
}

function boxOf(label: string, type: string): HTMLInputElement {
  return element('input', { type, 'aria-label': label, placeholder: label, autocomplete: 'off' })
}

function formOf(box: HTMLInputElement, words: string, submit: () => Promise<unknown>): HTMLFormElement {
  const form = element('form', { class: 'order', novalidate: '' }, box, element('button', {}, words))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void submit()
  })
  return form
}
