// Splits bytes into lines. A chunk of TCP begins and ends anywhere, also in the middle of a letter, so a line is
// decoded only when it is whole. Bytes without a line feed are no line: a command that a broken connection cut in
// half is never run.
//
// The oldest clients send no line feed at all, neither behind their name nor behind a message. Their first bytes
// tell:
//
//     ada⏎       ── a line feed ────────────────────────────────> lines
//     JOIN lob   ── a command, or the beginning of one ─────────> lines
//     a          ── one character, as a keyboard sends it ──────> lines
//     ada        ── nothing more for `PIECE_MS` ────────────────> pieces: from now on each chunk is a line too
//
// Of an endless line at most 4 KiB are kept; the rest is thrown away as it comes.

import { mayBeCommand } from './command.js'

export const LINE_BYTES = 4096

/** How long first bytes wait for a line feed, and a piece whose last letter is cut for the rest of it. */
export const PIECE_MS = 300

/** A line without its line feed; or the beginning of a line that is too long. */
export type Line = { readonly text: string; readonly isTooLong: boolean }

const FEED = 0x0a
const RETURN = 0x0d

export class Splitter {
  #rest: Buffer = Buffer.alloc(0)
  #isSkipping = false
  /** How the client sends, as far as its first bytes have told. */
  #mode: 'new' | 'unended' | 'lines' | 'pieces' = 'new'

  /** Are there bytes that `endPiece` should end when nothing more comes for `PIECE_MS`? */
  get isWaiting(): boolean {
    if (this.#rest.length === 0) return false
    if (this.#mode === 'pieces') return true
    return this.#mode === 'unended' && !mayBeCommand(decode(this.#rest))
  }

  /** The lines that end in this chunk. A line that is too long is reported once, as soon as it is. */
  push(chunk: Buffer): Line[] {
    const lines: Line[] = []
    let from = 0
    for (let end = chunk.indexOf(FEED); end >= 0; end = chunk.indexOf(FEED, from)) {
      const line = this.#take(chunk.subarray(from, end), true)
      from = end + 1
      if (line !== undefined) lines.push(line)
      this.#isSkipping = false
    }
    const line = this.#take(chunk.subarray(from), false)
    if (line !== undefined) lines.push(line)
    if (this.#mode === 'new') this.#mode = from === 0 && !/^.$/su.test(decode(chunk)) ? 'unended' : 'lines'
    if (this.#mode === 'unended' && from > 0) this.#mode = 'lines'
    if (this.#mode === 'pieces') {
      this.#isSkipping = false
      if (!isCut(this.#rest)) lines.push(...this.endPiece())
    }
    return lines
  }

  /** Takes the bytes without a line feed as a line. */
  endPiece(): Line[] {
    this.#mode = 'pieces'
    const line = this.#rest.length === 0 ? undefined : this.#take(Buffer.alloc(0), true)
    return line === undefined ? [] : [line]
  }

  #take(part: Buffer, isWhole: boolean): Line | undefined {
    if (this.#isSkipping) return undefined
    const bytes = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part])
    const length = bytes.at(-1) === RETURN ? bytes.length - 1 : bytes.length
    if (length > LINE_BYTES) {
      this.#isSkipping = true
      this.#rest = Buffer.alloc(0)
      return { text: decode(bytes.subarray(0, LINE_BYTES)), isTooLong: true }
    }
    // A copy: the chunk is large, and the rest of it may be kept for long.
    this.#rest = Buffer.from(isWhole ? [] : bytes)
    return isWhole ? { text: decode(bytes.subarray(0, length)), isTooLong: false } : undefined
  }
}

/** Bytes that are no UTF-8 become U+FFFD. */
function decode(bytes: Buffer): string {
  return bytes.toString('utf8')
}

/** Do these bytes end in the middle of a letter? The first byte of a letter in UTF-8 says how long it is. */
function isCut(bytes: Buffer): boolean {
  for (let length = 1; length <= 3; length++) {
    const byte = bytes.at(-length) ?? 0
    if (byte < 0x80) return false
    if (byte >= 0xc0) return length < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2)
  }
  return false
}
