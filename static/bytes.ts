// The bytes of a file, as the parts that look into pictures read and write them.

export type Bytes = Uint8Array<ArrayBuffer>

/** Does a name stand here? */
export function begins(bytes: Bytes, at: number, name: string | undefined): boolean {
  return name !== undefined && Array.from(name).every((letter, i) => bytes[at + i] === letter.charCodeAt(0))
}

/** Words of 16 bits as bytes, the largest first. */
export function bytesOf(words: readonly number[]): Bytes {
  const view = new DataView(new ArrayBuffer(2 * words.length))
  for (const [i, word] of words.entries()) view.setUint16(2 * i, word)
  return new Uint8Array(view.buffer)
}
