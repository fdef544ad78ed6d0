// The keys that a person types, without the text that is pasted: pasted text is text, even with line feeds in it.
//
//     bytes of the terminal ──> keys ──> readline
//                          └──> ESC [200~ … ESC [201~ ──> onPaste       "bracketed paste", asked for by ESC [?2004h
//
// A terminal without this sends a paste as if it were typed, only faster: several line ends at once do not come from
// fingers. Such a paste is whole when nothing more has come for a moment.

import { Readable } from 'node:stream'

const START = Buffer.from('\x1b[200~')
const END = Buffer.from('\x1b[201~')
const ASK = '\x1b[?2004h'
const ASK_NO_MORE = '\x1b[?2004l'

/** So many line ends in one read are a paste. */
const BURST_LINES = 5

/** A paste without an end is whole after so long. A paste that has begun to end has more time, and is bounded. */
const BURST_MS = 50
const PASTE_MS = 2000
const PASTE_BYTES = 1024 * 1024

export type KeyboardParts = {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  readonly onPaste: (text: string) => void
}

export class Keyboard {
  /** The stream that readline reads. */
  readonly keys: NodeJS.ReadableStream
  readonly #parts: KeyboardParts
  /** Bytes that may be the beginning of a mark, or that have been pasted so far. */
  #held: Buffer = Buffer.alloc(0)
  #mode: 'keys' | 'paste' | 'burst' = 'keys'
  #timer: NodeJS.Timeout | undefined

  constructor(parts: KeyboardParts) {
    this.#parts = parts
    const { input, output } = parts
    this.keys = Object.assign(new Readable({ read: () => undefined }), {
      setRawMode: (isRaw: boolean) => input.setRawMode(isRaw),
    })
    input.on('data', this.#read).on('end', this.#end).on('close', this.#end)
    input.resume()
    output.write(ASK)
  }

  close(): void {
    clearTimeout(this.#timer)
    const { input, output } = this.#parts
    input.off('data', this.#read).off('end', this.#end).off('close', this.#end)
    input.pause()
    output.write(ASK_NO_MORE)
  }

  /** Presses keys at once, and not through the stream's own queue, so that a paste keeps its place among them. */
  press(keys: Buffer): void {
    if (keys.length > 0) this.keys.emit('data', keys)
  }

  readonly #end = (): void => void this.keys.emit('end')

  readonly #read = (chunk: Buffer): void => {
    clearTimeout(this.#timer)
    const bytes = Buffer.concat([this.#held, chunk])
    this.#held = Buffer.alloc(0)
    if (this.#mode === 'keys') this.#readKeys(bytes)
    else if (this.#mode === 'paste') this.#readPaste(bytes)
    else this.#hold(bytes, BURST_MS)
  }

  #readKeys(bytes: Buffer): void {
    const start = bytes.indexOf(START)
    if (start >= 0) {
      this.press(bytes.subarray(0, start))
      this.#mode = 'paste'
      return this.#readPaste(bytes.subarray(start + START.length))
    }
    if (bytes.filter((byte) => byte === 0x0d || byte === 0x0a).length >= BURST_LINES) {
      this.#mode = 'burst'
      return this.#hold(bytes, BURST_MS)
    }
    const cut = cutMark(bytes)
    this.#held = Buffer.from(bytes.subarray(bytes.length - cut))
    this.press(bytes.subarray(0, bytes.length - cut))
  }

  #readPaste(bytes: Buffer): void {
    const end = bytes.indexOf(END)
    if (end < 0) return this.#hold(bytes, PASTE_MS)
    this.#paste(bytes.subarray(0, end))
    this.#read(bytes.subarray(end + END.length))
  }

  #hold(bytes: Buffer, ms: number): void {
    if (bytes.length >= PASTE_BYTES) return this.#paste(bytes)
    this.#held = bytes
    this.#timer = setTimeout(() => {
      this.#held = Buffer.alloc(0)
      this.#paste(bytes)
    }, ms)
  }

  #paste(bytes: Buffer): void {
    this.#mode = 'keys'
    this.#parts.onPaste(bytes.toString('utf8'))
  }
}

/** How many bytes at the end may be the beginning of `START`. A lone ESC is a key. */
function cutMark(bytes: Buffer): number {
  for (let length = START.length - 1; length > 1; length--)
    if (bytes.length >= length && bytes.subarray(-length).equals(START.subarray(0, length))) return length
  return 0
}
