// Gets in again when the session is over, because the machine slept or the server restarted. Meanwhile the page reads
// what it can.
//
//     401 ── join under the same name ── done ──────────> as before
//                                     ├─ name taken ────> read without a session, and try again: 5 s, 10 s, … 1 min
//                                     │                   in place: choose another name
//                                     ├─ 401, password ─> ask for the new one, then join
//                                     └─ 401, no password > load the page anew, which says what is needed
//
// All of this is loaded only when a session is over, which is rare.

import { isUnauthorized } from '../src/client/wire.js'
import { defaultPlatform as platform } from '../src/client/platform.js'
import { byId, element } from './element.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import type { Session } from './session.js'
import { whyRefused } from './welcome.js'
import { sayWith } from './words.js'

const AGAIN_MS = { first: 5000, most: 60_000 }

export type RejoinParts = {
  readonly session: Session
  readonly room: () => string
  /** There is a session again. */
  readonly rejoined: () => void
}

export class Rejoin {
  readonly #parts: RejoinParts
  #wait = AGAIN_MS.first
  #undo: (() => void) | undefined
  #isOver = false
  /** The dialog for the password, which all callers that wait for it share. */
  #asking: Promise<void> | undefined

  constructor(parts: RejoinParts) {
    this.#parts = parts
    parts.session.onChange(() => this.#show())
    this.#show()
  }

  /** The session with this token is over. Resolves when reading goes on, with a session or without. */
  async renew(token: string | undefined): Promise<void> {
    const { session, room } = this.#parts
    try {
      await this.#enter(() => session.renew(token, room()))
    } catch (error) {
      if (!session.isOver) throw error
    }
  }

  /** A room refused a message: joins it. Throws the reason why not. */
  join(room: string): Promise<void> {
    return this.#enter(() => this.#parts.session.join(room))
  }

  async #enter(join: () => Promise<void>): Promise<void> {
    try {
      await join()
    } catch (error) {
      if (!isUnauthorized(error)) throw error
      await this.#letIn()
      await join()
    }
  }

  async #letIn(): Promise<void> {
    // The page of a chat without a password says what else is needed.
    if (!('password' in document.documentElement.dataset)) return location.reload()
    this.#asking ??= import('./password.js').then(({ letIn }) => letIn()).finally(() => (this.#asking = undefined))
    await this.#asking
  }

  #show(): void {
    const { session, rejoined } = this.#parts
    if (session.isOver === this.#isOver) return
    this.#isOver = session.isOver
    this.#undo?.()
    this.#undo = undefined
    this.#wait = AGAIN_MS.first
    if (this.#isOver) this.#later()
    else rejoined()
    void this.#form()
  }

  async #form(): Promise<void> {
    await laterStyle()
    showTaken(this.#isOver, this.#parts.session, this.#parts.room)
  }

  /** Tries again under the same name, less and less often. */
  #later(): void {
    this.#undo = platform.after(this.#wait, () => {
      this.#wait = Math.min(2 * this.#wait, AGAIN_MS.most)
      const { session, room } = this.#parts
      // Still taken, or no connection: tried again, until the person chooses another name.
      session.join(room()).catch(() => this.#isOver && this.#later())
    })
  }
}

/**
 * Says that another person has the name, with a form for another one; or removes that when there is a session again.
 */
function showTaken(isOver: boolean, session: Session, room: () => string): void {
  const notice = byId('notice', HTMLElement)
  const shown = notice.querySelector('form')
  if (!isOver) return shown?.remove()
  if (shown !== null) return
  const box = element('input', {
    'aria-label': later.anotherName,
    placeholder: later.anotherName,
    autocomplete: 'nickname',
  })
  const error = element('p', { class: 'error', role: 'alert' })
  const form = element(
    'form',
    { class: 'taken', novalidate: '' },
    element('p', {}, ...sayWith(later.nameGone, { name: [element('bdi', {}, session.username)] })),
    box,
    element('button', { class: 'primary' }, later.join),
    error,
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    error.textContent = ''
    session.join(room(), box.value.trim()).catch((refused: unknown) => {
      error.textContent = whyRefused(refused)
      box.focus()
    })
  })
  notice.append(form)
}
