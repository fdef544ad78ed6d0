// One piece of work, a read of data elsewhere, that may be wanted again while it runs.
//
//     run ──> round ──> done
//      run meanwhile ──> one more round after it, however often it was asked for
//
// So a caller of `run` waits for a round that began no earlier than the call.

export class Rounds {
  readonly #round: () => Promise<void>
  #running: Promise<void> | undefined
  #again = false

  constructor(round: () => Promise<void>) {
    this.#round = round
  }

  /** Resolves when the rounds that run now are over; undefined where none runs. */
  get running(): Promise<void> | undefined {
    return this.#running
  }

  /** Rejects with the error of a round; then nothing runs any more. */
  run(): Promise<void> {
    if (this.#running === undefined) return (this.#running = this.#start())
    this.#again = true
    return this.#running
  }

  async #start(): Promise<void> {
    // This way `#running` is set before it can be cleared.
    await Promise.resolve()
    try {
      do {
        this.#again = false
        await this.#round()
      } while (this.#again)
    } finally {
      this.#running = undefined
    }
  }
}
