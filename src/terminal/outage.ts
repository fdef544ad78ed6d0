// How the person is told of a lost connection: once in words, and then second by second in the prompt.

import type { Undo } from '../core/clock.js'
import type { Screen } from './screen.js'
import { countDown } from './wait.js'

export class Outage {
  readonly #url: string
  readonly #screen: Screen
  readonly #onChange: () => void
  #undo: Undo | undefined
  #status = ''

  /** `onChange`: the status has changed. */
  constructor(url: string, screen: Screen, onChange: () => void) {
    this.#url = url
    this.#screen = screen
    this.#onChange = onChange
  }

  get isOn(): boolean {
    return this.#undo !== undefined
  }

  /** A few words for the prompt; empty while all is well. */
  get status(): string {
    return this.#status
  }

  /** There is nothing to do until the next try, in `ms`. */
  wait(reason: 'network' | 'server', ms: number): void {
    if (this.#undo === undefined) this.#screen.notice(this.#sentence(reason, Math.ceil(ms / 1000)))
    this.#undo?.()
    this.#undo = countDown(ms, (seconds) => {
      this.#status = seconds > 0 ? `trying again in ${seconds} s` : 'trying again'
      this.#onChange()
    })
  }

  end(): void {
    this.close()
    this.#screen.notice('connected again')
    this.#onChange()
  }

  /** Stops counting. */
  close(): void {
    this.#undo?.()
    this.#undo = undefined
    this.#status = ''
  }

  #sentence(reason: 'network' | 'server', seconds: number): string {
    if (reason === 'server') return `the server asks for patience: going on in ${seconds} s`
    return `no connection to ${this.#url}: trying again in ${seconds} s, and until it is back (Enter tries at once)`
  }
}
