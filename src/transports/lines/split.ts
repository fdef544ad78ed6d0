// Bytes into lines. A chunk of TCP begins and ends anywhere, also in the middle of a letter, so a line is decoded
// when it is whole and not before. What has no end is no line: a command that a broken connection cut in half
// is never run.
//
// At most 4 KiB are kept of a line that goes on and on; the rest of it is thrown away as it comes.

export const LINE_BYTES = 4096

/** A line without its end; or, of one that is too long, its beginning. */
export type Line = { readonly text: string; readonly isTooLong: boolean }

const FEED = 0x0a
const RETURN = 0x0d

export class Splitter {
  #rest: Buffer = Buffer.alloc(0)
  #isSkipping = false

  /** The lines that end in this chunk. A line that is too long is told once, as soon as it is. */
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
    return lines
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
    // A copy: a chunk is large, and what is left of it may be kept for long.
    this.#rest = Buffer.from(isWhole ? [] : bytes)
    return isWhole ? { text: decode(bytes.subarray(0, length)), isTooLong: false } : undefined
  }
}

/** Bytes that are no UTF-8 become U+FFFD. */
function decode(bytes: Buffer): string {
  return bytes.toString('utf8')
}
