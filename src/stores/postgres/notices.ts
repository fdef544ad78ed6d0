// What is to be told by NOTIFY, which travels on its own after the commit: PostgreSQL lets one transaction with a NOTIFY
// commit at a time, and nobody must wait for that. While one statement is on its way, what comes gathers for the next.

/** What waits beyond this is not told: a comparison makes up for it. */
const MOST_WAITING = 10_000

export class Notices {
  readonly #send: (payloads: readonly string[]) => Promise<unknown>
  readonly #waiting = new Map<string, string>()
  #sending = false

  /** `send`: sends notifications in one statement. */
  constructor(send: (payloads: readonly string[]) => Promise<unknown>) {
    this.#send = send
  }

  /** Tells something soon, in place of what waits under the same key. */
  tell(key: string, payload: string): void {
    if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(key)) return
    this.#waiting.set(key, payload)
    if (!this.#sending) void this.#sendAll()
  }

  close(): void {
    this.#waiting.clear()
  }

  async #sendAll(): Promise<void> {
    this.#sending = true
    while (this.#waiting.size > 0) {
      const payloads = [...this.#waiting.values()]
      this.#waiting.clear()
      // A notification that is lost is made up for by the next comparison.
      await this.#send(payloads).catch(() => undefined)
    }
    this.#sending = false
  }
}
