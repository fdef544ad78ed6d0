// The time in which the disk takes nothing. It is over with the first write that succeeds; and once a second it is
// tried whether there is room again, so that the store is back also where nobody writes.
//
//     a write fails ──> away ──┬── a write that succeeds ──> back
//                              └── a try that succeeds, each second ──> back

import type { Clock, Undo } from '../../core/clock.js'
import { probe } from './disk.js'
import { codeOf } from './folder.js'

export type DiskHealthOptions = {
  readonly folder: string
  readonly clock: Clock
  /** Told once when the store goes away, with the system's word for why, and once when it is back. */
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

  /** Something has failed. `code`: the system's word for why. */
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

  /** Tries no more. */
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
