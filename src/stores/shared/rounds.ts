// One piece of work that may be wanted again while it runs: a read of what is elsewhere.
//
//     run ──> round ──> done
//      run meanwhile ──> one more round after it, however often it was asked for
//
// So whoever calls `run` is told of a round that began no earlier than the call.

export class Rounds {
  readonly #round: () => Promise<void>
  #running: Promise<void> | undefined
  #again = false

  constructor(round: () => Promise<void>) {
    this.#round = round
  }

  /** Resolves when the rounds that run now are over; undefined where none does. */
  get running(): Promise<void> | undefined {
    return this.#running
  }

  /** Rejects with what a round threw; then nothing runs any more. */
  run(): Promise<void> {
    if (this.#running === undefined) return (this.#running = this.#start())
    this.#again = true
    return this.#running
  }

  async #start(): Promise<void> {
    // So that `#running` is set before it is taken back, whatever happens.
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
