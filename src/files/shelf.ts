// The files that people send, in a folder: two for each, its bytes and what is known of it.
//
//     body ──> ID.part ── fsync, rename ──> ID         the bytes
//                                           ID.json    room, name, type, size, whose it is, and since when it is sent
//
//     uploaded ── sent within ten minutes ──> sent ── removed, cleared, or its time is over ──> gone
//         └────────── else ───────────────────────────────────────────────────────────────────> gone
//
// What is there is known in memory, so the most that the folder may take is a sum and no walk. What another server put
// into the same folder is found when it is asked for. Whose a file is, is kept as a hash of the session's token: the token
// itself is nobody's to read.
//
// What it refuses to be: a place that runs or shows what was uploaded. An id is 22 letters that are checked before they
// become a path.

import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Random, Undo } from '../core/clock.js'
import { ChatError, codeOf, isFullDisk } from '../core/errors.js'
import { type Attachment, type Files, parseAttachment, parseFileId } from '../core/rooms/file.js'
import { parseRoom } from '../core/rooms/message.js'
import { Turns } from '../core/turns.js'
import type { Logger } from '../log.js'
import { HEAD_BYTES, kindOf } from './kind.js'

/** How long a file waits to be sent. */
export const UNSENT_MS = 10 * 60_000

/** How many files of a session wait to be sent, and how many uploads there are at one time. */
const MOST_UNSENT = 10
const MOST_UPLOADS = 16

const SWEEP_MS = 60_000

/** What was read last stays in memory up to so many bytes: a class that opens one file reads it once. */
const HELD_BYTES = 16 * 2 ** 20

/** Files that are read at one time, and that may wait for it. */
const READS = 4
const READS_WAITING = 200

export type ShelfOptions = {
  readonly folder: string
  /** Bytes of all files together, and of each. */
  readonly totalBytes: number
  readonly eachBytes: number
  /** How long messages can be read, in milliseconds. */
  readonly keepMs: number | undefined
  /** Do messages outlast this process? Else no file of an earlier one can be asked for. */
  readonly isLasting: boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** `at`: when it was uploaded, or sent (`Clock.date`). */
type Kept = { readonly room: string; readonly owner: string; readonly file: Attachment; isSent: boolean; at: number }

/** Where the bytes of a body come from: each is taken before the next comes. */
export type Body = (take: (chunk: Buffer) => Promise<void>) => Promise<void>

export class Shelf implements Files {
  readonly #options: ShelfOptions
  readonly #kept = new Map<string, Kept>()
  /** What is being removed: its note may still be there to read. */
  readonly #removing = new Set<string>()
  /** What was read lately, the oldest first. */
  readonly #held = new Map<string, Promise<Buffer>>()
  readonly #turns: Turns
  #bytes = 0
  #uploads = 0
  /** How many removals are over. */
  #removals = 0
  #timer: Undo | undefined
  #isClosed = false

  /** Rejects with `unavailable` where the folder cannot be used. */
  static async open(options: ShelfOptions): Promise<Shelf> {
    const shelf = new Shelf(options)
    try {
      await mkdir(options.folder, { recursive: true })
      await shelf.#load()
    } catch (error) {
      const code = codeOf(error)
      if (code === undefined) throw error
      throw new ChatError(
        'unavailable',
        `the folder ${JSON.stringify(options.folder)} cannot be used (${code}): see that it can be written to, or choose another`,
      )
    }
    shelf.#sweepLater()
    return shelf
  }

  private constructor(options: ShelfOptions) {
    this.#options = options
    this.#turns = new Turns(options.clock, READS, READS_WAITING)
  }

  /** Bytes of all files, those included that are coming in. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#kept.size
  }

  get eachBytes(): number {
    return this.#options.eachBytes
  }

  /** Takes a file in. Throws `too_large`, `full`, or `unavailable` where too many come at one time. */
  async upload(room: string, name: string, token: string, body: Body): Promise<Attachment> {
    if (this.#uploads >= MOST_UPLOADS)
      throw new ChatError('unavailable', 'too many files are on their way: try again in a moment', 2)
    const { folder, random, clock } = this.#options
    const id = random.token()
    const part = join(folder, `${id}.part`)
    this.#uploads++
    let counted = 0
    try {
      const handle = await open(part, 'wx', 0o600)
      let head: Buffer
      try {
        head = await this.#write(handle, body, (bytes) => (counted += bytes))
        await handle.sync()
      } finally {
        await handle.close()
      }
      const { type, ...size } = kindOf(head)
      const file = { id, type, bytes: counted, name, ...size }
      const kept = { room, owner: ownerOf(token), file, isSent: false, at: clock.date() }
      await rename(part, join(folder, id))
      await this.#note(kept)
      this.#kept.set(id, kept)
      counted = 0
      await this.#forgetUnsent(kept.owner)
      return file
    } catch (error) {
      await rm(part, { force: true })
      await rm(join(folder, id), { force: true })
      throw diskError(error)
    } finally {
      this.#uploads--
      this.#bytes -= counted
    }
  }

  async find(id: string, room: string, token: string): Promise<{ file: Attachment; isSent: boolean } | undefined> {
    const kept = await this.#find(id)
    return kept === undefined || kept.room !== room || kept.owner !== ownerOf(token) ? undefined : kept
  }

  async mark(id: string, isSent: boolean): Promise<void> {
    const kept = await this.#find(id)
    if (kept === undefined) return
    kept.isSent = isSent
    kept.at = this.#options.clock.date()
    await this.#note(kept).catch((error: unknown) => Promise.reject(diskError(error)))
    // It was removed meanwhile: its new note goes as well.
    if (this.#kept.get(id) !== kept) await this.remove(id)
  }

  async remove(id: string): Promise<void> {
    const kept = this.#kept.get(id)
    this.#held.delete(id)
    if (this.#kept.delete(id)) this.#bytes -= kept?.file.bytes ?? 0
    this.#removing.add(id)
    const { folder, log } = this.#options
    for (const path of [join(folder, `${id}.json`), join(folder, id)])
      await rm(path, { force: true }).catch((error: unknown) => log.error('files', error))
    this.#removing.delete(id)
    this.#removals++
  }

  async clear(room: string, date: number): Promise<void> {
    const gone = [...this.#kept.values()].filter((kept) => kept.room === room && kept.isSent && kept.at <= date)
    await Promise.all(gone.map(({ file }) => this.remove(file.id)))
  }

  /** A file that was sent, or that waits to be, and its room. */
  async about(id: string): Promise<{ readonly file: Attachment; readonly room: string } | undefined> {
    return this.#find(id)
  }

  /** Its bytes, the same for all who ask at one time; undefined where it was removed. */
  async read({ id, bytes }: Attachment): Promise<Buffer | undefined> {
    const held = this.#held.get(id)
    if (held !== undefined) return held
    const read = this.#turns.run(() => readFile(join(this.#options.folder, id)))
    this.#held.set(id, read)
    let all = 0
    for (const other of [...this.#held.keys()].toReversed()) {
      all += other === id ? bytes : (this.#kept.get(other)?.file.bytes ?? Infinity)
      if (all > HELD_BYTES && other !== id) this.#held.delete(other)
    }
    try {
      return await read
    } catch (error) {
      this.#held.delete(id)
      // Another server has removed it.
      if (codeOf(error) === 'ENOENT') return undefined
      throw diskError(error)
    }
  }

  /** Takes away what was not sent, and what was said too long ago. */
  async sweep(): Promise<void> {
    const { clock, keepMs = Infinity } = this.#options
    const date = clock.date()
    for (const { file, isSent, at } of this.#kept.values())
      if (date - at > (isSent ? keepMs : UNSENT_MS)) await this.remove(file.id)
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.()
  }

  /** Writes what comes, and answers its beginning. */
  async #write(handle: FileHandle, body: Body, count: (bytes: number) => number): Promise<Buffer> {
    const { eachBytes, totalBytes } = this.#options
    const head: Buffer[] = []
    let taken = 0
    await body(async (chunk) => {
      if (taken + chunk.length > eachBytes)
        throw new ChatError('too_large', `the file is too large: at most ${eachBytes} bytes`)
      if (this.#bytes + chunk.length > totalBytes)
        throw new ChatError('full', 'there is no room for more files: try again when some are gone', 60)
      if (taken < HEAD_BYTES) head.push(Buffer.from(chunk.subarray(0, HEAD_BYTES - taken)))
      taken += chunk.length
      this.#bytes += chunk.length
      count(chunk.length)
      await handle.writeFile(chunk)
    })
    if (taken === 0) throw new ChatError('bad_request', 'the body is the file, and it is empty')
    return Buffer.concat(head)
  }

  /** A session that uploads and never sends keeps the newest. */
  async #forgetUnsent(owner: string): Promise<void> {
    const unsent = [...this.#kept.values()].filter((kept) => kept.owner === owner && !kept.isSent)
    for (const { file } of unsent.slice(0, -MOST_UNSENT)) await this.remove(file.id)
  }

  /** What is known of a file. Another server may have taken it in, or removed it. */
  async #find(id: string): Promise<Kept | undefined> {
    for (;;) {
      const here = this.#kept.get(id)
      if (here !== undefined) return here
      const removals = this.#removals
      const kept = await this.#readNote(id)
      if (kept === undefined || this.#removing.has(id)) return this.#kept.get(id)
      // What was removed while its note was read must not come back: the note is read again.
      if (removals === this.#removals && !this.#kept.has(id)) this.#add(kept)
    }
  }

  #add(kept: Kept): void {
    this.#kept.set(kept.file.id, kept)
    this.#bytes += kept.file.bytes
  }

  /** Writes what is known of a file. */
  async #note({ room, owner, file, isSent, at }: Kept): Promise<void> {
    const { folder } = this.#options
    const part = join(folder, `${file.id}.json.part`)
    const handle = await open(part, 'w', 0o600)
    try {
      await handle.writeFile(JSON.stringify({ room, owner, isSent, at, file }))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(part, join(folder, `${file.id}.json`))
  }

  async #readNote(id: string): Promise<Kept | undefined> {
    try {
      const kept = parseNote(JSON.parse(await readFile(join(this.#options.folder, `${parseFileId(id)}.json`), 'utf8')))
      return kept.file.id === id ? kept : undefined
    } catch {
      // There is none, or it is none of ours.
      return undefined
    }
  }

  /** What an earlier process has kept; what it left half done goes. */
  async #load(): Promise<void> {
    const { folder, isLasting } = this.#options
    for (const name of await readdir(folder)) {
      const [, id = '', rest = ''] = /^([\w-]{22})(\.json|\.json\.part|\.part|)$/.exec(name) ?? []
      // What is not ours stays.
      if (id === '') continue
      const kept = isLasting && rest === '.json' ? await this.#readNote(id) : undefined
      if (kept !== undefined) this.#add(kept)
      else if (!isLasting || (await this.#isStale(name))) await rm(join(folder, name), { force: true })
    }
    await this.sweep()
  }

  /** Is it no part of a file that is there, and of none that another server takes in just now? */
  async #isStale(name: string): Promise<boolean> {
    const { folder, clock } = this.#options
    if (!name.includes('.') && (await this.#readNote(name)) !== undefined) return false
    return clock.date() - (await stat(join(folder, name))).mtimeMs > UNSENT_MS
  }

  #sweepLater(): void {
    const { clock, log } = this.#options
    if (this.#isClosed) return
    this.#timer = clock.after(SWEEP_MS, () => {
      this.sweep()
        .catch((error: unknown) => log.error('files', error))
        .finally(() => this.#sweepLater())
    })
  }
}

function ownerOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

function parseNote(value: unknown): Kept {
  const fields = new Map<string, unknown>(Object.entries(Object(value)))
  return {
    room: parseRoom(fields.get('room')),
    owner: String(fields.get('owner')),
    isSent: fields.get('isSent') === true,
    at: Number(fields.get('at')),
    file: parseAttachment(fields.get('file')),
  }
}

/** What a disk says no with, as a client is told. */
function diskError(error: unknown): unknown {
  const code = error instanceof ChatError ? undefined : codeOf(error)
  if (code === undefined) return error
  if (isFullDisk(code)) return new ChatError('full', 'the disk has no room for more files: try again later', 60)
  return new ChatError('unavailable', `the disk takes no files now (${code}): try again in a moment`, 5)
}
