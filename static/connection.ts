// The state of the connection, in true words: live, reconnecting in so many seconds, offline, or the server is
// shutting down. Nothing spins.

import { byId, element } from './element.js'
import type { Status } from './tabs.js'

const SOON_MS = 1000

export class Connection {
  readonly #words = byId('connection', HTMLElement)
  readonly #now = byId('now', HTMLButtonElement)
  #status: Status = { kind: 'starting' }
  #timer: ReturnType<typeof setInterval> | undefined

  /** `hurry` is called when the person wants the next try now. */
  constructor(hurry: () => void) {
    this.#now.addEventListener('click', hurry)
    addEventListener('online', () => this.#show())
    addEventListener('offline', () => this.#show())
    this.#show()
  }

  take(status: Status): void {
    this.#status = status
    clearInterval(this.#timer)
    if (status.kind === 'waiting') this.#timer = setInterval(() => this.#show(), 1000)
    this.#show()
  }

  #show(): void {
    const [state, words, when = ''] = wordsOf(this.#status)
    this.#words.dataset['state'] = state
    if (this.#words.textContent !== `${words}${when}`) {
      // The seconds are for the eye alone: nobody wants each of them read out.
      this.#words.replaceChildren(element('span', {}, words), element('span', { 'aria-hidden': 'true' }, when))
    }
    this.#now.hidden = this.#status.kind !== 'waiting' && this.#status.kind !== 'stopped'
  }
}

function wordsOf(status: Status): readonly [state: string, words: string, when?: string] {
  if (status.kind === 'stopped') return ['stopped', `Stopped: ${status.sentence}`]
  if (status.kind === 'live') return ['live', 'Live']
  if (status.kind === 'starting') return ['starting', 'Connecting']
  const ms = status.until - Date.now()
  const when = ms < SOON_MS ? ' now' : ` in ${Math.round(ms / 1000)} s`
  if (status.reason === 'server') return ['waiting', 'Server is shutting down, back', when]
  if (!navigator.onLine) return ['offline', 'Offline, trying again', when]
  return ['waiting', 'Reconnecting', when]
}
