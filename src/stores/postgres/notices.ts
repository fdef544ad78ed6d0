// Sends NOTIFY in a statement of its own after the commit: PostgreSQL lets only one transaction with a NOTIFY commit
// at a time, and no sender must wait for that. While one statement is on its way, notices gather for the next.

/** More notices than this do not wait: they are dropped, and a comparison makes up for them. */
const MOST_WAITING = 10_000

export class Notices {
  readonly #send: (payloads: readonly string[]) => Promise<unknown>
  readonly #waiting = new Map<string, string>()
  #sending = false

  /** `send` sends notices in one statement. */
  constructor(send: (payloads: readonly string[]) => Promise<unknown>) {
    this.#send = send
  }

  /** Sends a notice soon. It replaces one that waits under the same key. */
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
      // A notice that is lost is made up for by the next comparison.
      await this.#send(payloads).catch(() => undefined)
    }
    this.#sending = false
  }
}
