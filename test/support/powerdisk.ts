// A disk that can lose its power: the contents of a folder's files, and which part of them has been synced.
//
//     write, truncate            wait in their file until it is synced
//     create, rename, unlink     wait in the folder until that is synced
//
// When the power goes, each waiting piece may be there or not: a later write without an earlier one, a sector of a
// write without its neighbour, a longer file with zeros in it, a name without the one before it. That is more than
// any one file system does, and all that POSIX allows.

const SECTOR_BYTES = 512

type Chance = () => number

/** Something that waits. `isDone`: the call has returned, so a sync that begins now covers it. */
export type Waiting = { isDone: boolean }
type Change = Waiting & { readonly at: number; readonly bytes: Buffer | undefined }
type Naming = Waiting & {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly file: File | undefined
  /** What an `unlink` took the name from. */
  readonly gone?: File | undefined
}

export class File {
  synced: Buffer = Buffer.alloc(0)
  waiting: Change[] = []

  /** The contents after a power cut. */
  cut(chance: Chance): Buffer {
    const style = chance()
    if (style < 0.15) return this.synced
    let bytes = this.synced
    const end = Math.floor(chance() * (this.waiting.length + 1))
    for (const [i, change] of this.waiting.entries()) {
      // Up to one of them, which is torn; any of them, whole; or any sector of any.
      if (style < 0.4 && i > end) break
      if (style >= 0.4 && style < 0.6 && chance() < 0.5) continue
      const isTorn = style >= 0.6 || (style < 0.4 && i === end)
      bytes = isTorn ? tear(bytes, change, chance) : apply(bytes, change)
    }
    return bytes
  }
}

export class PowerDisk {
  readonly #names = new Map<string, File>()
  #synced = new Map<string, File>()
  #waiting: Naming[] = []

  /** Puts a file there that has been on the disk for long. */
  put(name: string, bytes: Buffer): void {
    const file = new File()
    file.synced = bytes
    this.#names.set(name, file)
    this.#synced.set(name, file)
  }

  file(name: string): File | undefined {
    return this.#names.get(name)
  }

  /** How long a file is for its programs, synced or not. */
  lengthOf(name: string): number {
    const file = this.#names.get(name)
    return (
      file?.waiting.reduce(
        (length, { at, bytes }) => (bytes === undefined ? at : Math.max(length, at + bytes.length)),
        file.synced.length,
      ) ?? 0
    )
  }

  create(name: string): Waiting {
    const file = new File()
    this.#names.set(name, file)
    return this.#name({ from: undefined, to: name, file, isDone: false })
  }

  rename(from: string, to: string): Waiting {
    const file = this.#names.get(from)
    this.#names.delete(from)
    if (file !== undefined) this.#names.set(to, file)
    return this.#name({ from, to, file, isDone: false })
  }

  unlink(name: string): Waiting {
    const gone = this.#names.get(name)
    this.#names.delete(name)
    return this.#name({ from: name, to: undefined, file: undefined, gone, isDone: false })
  }

  write(name: string, at: number, bytes: Buffer): Waiting {
    return this.#change(name, { at, bytes, isDone: false })
  }

  truncate(name: string, size: number): Waiting {
    return this.#change(name, { at: size, bytes: undefined, isDone: false })
  }

  /**
   * The program was killed, and the disk has its power: of a call that it was in the midst of, `read` says what became,
   * as it gives the file that is there. Answers what never was.
   */
  settle(read: (name: string) => Buffer | undefined): Set<Waiting> {
    const never = new Set<Waiting>()
    for (const naming of this.#waiting.filter(({ isDone }) => !isDone)) {
      const { from, to, file, gone } = naming
      naming.isDone = to === undefined ? read(from ?? '') === undefined : read(to) !== undefined
      if (naming.isDone) continue
      never.add(naming)
      if (to !== undefined) this.#names.delete(to)
      const back = file ?? gone
      if (from !== undefined && back !== undefined) this.#names.set(from, back)
    }
    this.#waiting = this.#waiting.filter((naming) => !never.has(naming))
    for (const [name, file] of this.#names) {
      const now = read(name) ?? Buffer.alloc(0)
      for (const change of file.waiting.filter(({ isDone }) => !isDone)) {
        const { at, bytes } = change
        change.isDone = bytes === undefined ? now.length === at : now.subarray(at, at + bytes.length).equals(bytes)
        if (!change.isDone) never.add(change)
      }
      file.waiting = file.waiting.filter((change) => !never.has(change))
    }
    return never
  }

  /** A file's sync begins. Answers what to call when it has ended; that says what is on the disk by it. */
  syncFile(name: string): () => File | undefined {
    const file = this.#names.get(name)
    const covered = new Set(file?.waiting.filter(({ isDone }) => isDone))
    return () => {
      if (file === undefined) return undefined
      for (const change of file.waiting) if (covered.has(change)) file.synced = apply(file.synced, change)
      file.waiting = file.waiting.filter((change) => !covered.has(change))
      return file
    }
  }

  /** The same for the folder: its names. */
  syncFolder(): () => void {
    const covered = new Set(this.#waiting.filter(({ isDone }) => isDone))
    return () => {
      for (const naming of this.#waiting) if (covered.has(naming)) applyName(this.#synced, naming)
      this.#waiting = this.#waiting.filter((naming) => !covered.has(naming))
    }
  }

  /** What is there after a power cut: names and contents. */
  cut(chance: Chance): Map<string, Buffer> {
    const names = new Map(this.#synced)
    const style = chance()
    const end = Math.floor(chance() * (this.#waiting.length + 1))
    for (const [i, naming] of this.#waiting.entries()) {
      const isKept = style < 0.5 ? i < end : chance() < 0.5
      if (isKept) applyName(names, naming)
    }
    const cuts = new Map<File, Buffer>()
    for (const file of names.values()) if (!cuts.has(file)) cuts.set(file, file.cut(chance))
    return new Map([...names].map(([name, file]) => [name, cuts.get(file) ?? file.synced]))
  }

  #name(naming: Naming): Waiting {
    this.#waiting.push(naming)
    return naming
  }

  #change(name: string, change: Change): Waiting {
    this.#names.get(name)?.waiting.push(change)
    return change
  }
}

function apply(bytes: Buffer, { at, bytes: written }: Change): Buffer {
  const longer = Buffer.alloc(written === undefined ? at : Math.max(bytes.length, at + written.length))
  bytes.copy(longer)
  written?.copy(longer, at)
  return longer
}

/** Some sectors of a change. The file may be longer although what makes it longer is not there. */
function tear(bytes: Buffer, change: Change, chance: Chance): Buffer {
  const { at, bytes: written } = change
  if (written === undefined) return chance() < 0.5 ? bytes : apply(bytes, change)
  const isLonger = chance() < 0.5
  let torn = isLonger ? apply(bytes, { at: at + written.length, bytes: Buffer.alloc(0), isDone: true }) : bytes
  for (let from = 0; from < written.length;) {
    const to = Math.min(written.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES))
    if (chance() < 0.5) torn = apply(torn, { at: at + from, bytes: written.subarray(from, to), isDone: true })
    from = to
  }
  return torn
}

function applyName(names: Map<string, File>, { from, to, file }: Naming): void {
  if (from !== undefined && (file === undefined || names.get(from) === file)) names.delete(from)
  if (to !== undefined && file !== undefined) names.set(to, file)
}
