// Tells the server that this person is typing: at the first key, then every four seconds while keys come, because the
// server forgets it after six; and that the typing has ended, when the text is gone.

const AGAIN_MS = 4000

export class Typing {
  readonly #tell: (typing: boolean) => void
  #toldAt = 0

  constructor(tell: (typing: boolean) => void) {
    this.#tell = tell
  }

  touch(): void {
    if (Date.now() - this.#toldAt < AGAIN_MS) return
    this.#toldAt = Date.now()
    this.#tell(true)
  }

  /** The text is gone. */
  stop(): void {
    if (this.#toldAt > 0) this.#tell(false)
    this.#toldAt = 0
  }

  /** A message ends the typing: nothing needs to be told. */
  sent(): void {
    this.#toldAt = 0
  }
}
