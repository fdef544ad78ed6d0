// The time in which the disk takes nothing. It ends with the first write that succeeds. And once a second the store
// tries whether there is room again, so that it comes back even while no message is sent.
//
//     a write fails ──> away ──┬── a write that succeeds ──> back
//                              └── a try that succeeds, each second ──> back

import { codeOf } from '../../core/errors.js'
import type { Clock, Undo } from '../../core/clock.js'
import { probe } from './disk.js'

export type DiskHealthOptions = {
  readonly folder: string
  readonly clock: Clock
  /** Called once when the store goes away, with the system's error code, and once when it is back. */
  readonly onAway: (code: string | undefined) => void
}

const PROBE_MS = 1000

export class DiskHealth {
  readonly #options: DiskHealthOptions
  #isAway = false
  #closed = false
  #probe: Undo | undefined

  constructor(options: DiskHealthOptions) {
    this.#options = options
  }

  get isAway(): boolean {
    return this.#isAway
  }

  /** Something has failed. `code`: the system's error code. */
  fail(code: string): void {
    const { clock, onAway } = this.#options
    const isNew = !this.#isAway
    this.#isAway = true
    if (!this.#closed) this.#probe ??= clock.after(PROBE_MS, () => void this.#look())
    if (isNew) onAway(code)
  }

  recover(): void {
    if (!this.#isAway) return
    this.#isAway = false
    this.#options.onAway(undefined)
  }

  /** Stops trying. */
  close(): void {
    this.#closed = true
    this.#probe?.()
  }

  async #look(): Promise<void> {
    this.#probe = undefined
    if (!this.#isAway) return
    try {
      await probe(this.#options.folder)
      this.recover()
    } catch (error) {
      this.fail(codeOf(error) ?? 'EIO')
    }
  }
}
