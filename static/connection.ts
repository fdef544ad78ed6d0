// The state of the connection, in true words: live, reconnecting in so many seconds, offline, or the server is
// shutting down. Nothing spins.

import { byId, element } from './element.js'
import type { Status } from './tabs.js'
import { say, words } from './words.js'

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
    const [state, told, when = ''] = wordsOf(this.#status)
    this.#words.dataset['state'] = state
    if (this.#words.textContent !== `${told}${when}`) {
      // The seconds are for the eye alone: a screen reader should not read each of them out.
      this.#words.replaceChildren(element('span', {}, told), element('span', { 'aria-hidden': 'true' }, when))
    }
    this.#now.hidden = this.#status.kind !== 'waiting' && this.#status.kind !== 'stopped'
  }
}

function wordsOf(status: Status): readonly [state: string, told: string, when?: string] {
  if (status.kind === 'stopped') return ['stopped', say(words.stopped, { why: status.sentence })]
  if (status.kind === 'live') return ['live', words.live]
  if (status.kind === 'starting') return ['starting', words.connecting]
  const ms = status.until - Date.now()
  const when = ms < SOON_MS ? words.rightNow : say(words.inSeconds, { n: Math.round(ms / 1000) })
  if (status.reason === 'server') return ['waiting', words.shuttingDown, when]
  if (!navigator.onLine) return ['offline', words.offline, when]
  return ['waiting', words.reconnecting, when]
}
