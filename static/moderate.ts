// A moderator's small menu, below the moderator's name. Loaded where the server has moderators. It first asks for the
// key, which makes this browser's session a moderator; then it has a button for each order.
//
//     Mute …   a name, for five minutes         Close / Open   this room
//     Remove   the message that has the focus   Clear          this room
//
// The key stays in the storage of this tab: a new session, after a reload or a restart, is shown it again.

import { defaultPlatform as platform } from '../src/client/platform.js'
import { call, Refused } from '../src/client/wire.js'
import { BASE } from './base.js'
import { element } from './element.js'
import { laterStyle } from './later-style.js'
import type { Session } from './session.js'
import { asString, stored } from './storage.js'
import { whyRefused } from './welcome.js'

export type ModerateParts = {
  readonly place: HTMLElement
  readonly lines: HTMLElement
  readonly people: HTMLElement
  readonly room: () => string
  readonly session: Session
}

export function wireModeration({ place, lines, people, room, session }: ModerateParts): void {
  const storedKey = stored('session', 'admin-key', asString)
  const said = element('p', { class: 'hint', role: 'status' })
  const key = boxOf('Moderator’s key', 'password')
  const name = boxOf('Name to mute', 'text')
  const lock = formOf(key, 'Moderate', async () => {
    storedKey.write(key.value)
    if (await appoint()) said.textContent = 'You moderate now.'
  })
  const orders = element('div', { class: 'orders', hidden: '' }, formOf(name, 'Mute', mute))
  let chosen: HTMLElement | undefined
  let token = session.token

  const button = (words: string, act: () => Promise<unknown>): void => {
    const made = element('button', { class: 'quiet', type: 'button' }, words)
    made.addEventListener('click', () => void act())
    orders.append(made)
  }
  button('Remove message', removeChosen)
  button('Close room', () => order('/close', { closed: true }, 'The room is closed.'))
  button('Open room', () => order('/close', { closed: false }, 'The room is open.'))
  button(
    'Clear room',
    async () =>
      confirm(`Take away everything that was said in ${room()}?`) && order('/clear', {}, 'The room is cleared.'),
  )

  // The focus leaves the line for the button: the last line that had it is the one that is meant, and is marked.
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
  place.append(element('details', { class: 'moderate' }, element('summary', {}, 'Moderate'), lock, orders, said))
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
    try {
      await ask('/admin', { key: storedKey.read() })
    } catch (error) {
      if (error instanceof Refused && error.isFinal) storedKey.write('')
      show(false)
      said.textContent = whyRefused(error)
      return false
    }
    key.value = ''
    show(true)
    return true
  }

  function show(moderates: boolean): void {
    lock.hidden = moderates
    orders.hidden = !moderates
  }

  async function mute(): Promise<void> {
    const wanted = name.value.trim()
    const known = [people, lines].flatMap((list) => [...list.querySelectorAll('.who')])
    if (known.some(({ textContent }) => textContent?.toLowerCase() === wanted.toLowerCase()))
      await order('/mute', { username: wanted }, `${wanted} is muted for five minutes.`)
    else said.textContent = `There is no ${wanted} here, and no message of that name: nothing was muted.`
  }

  async function removeChosen(): Promise<void> {
    // A line that was drawn anew has no mark: it has to be chosen again.
    const id = Number(chosen?.isConnected === true ? chosen.dataset['id'] : Number.NaN)
    if (Number.isNaN(id)) return void (said.textContent = 'First click the message.')
    if (await order('/remove', { id }, 'The message is removed.')) chosen = undefined
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
