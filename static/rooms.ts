// The open rooms: one list for the whole browser, and the room that this tab shows, which is in the address:
// `/#lobby`. Each tab has its own unread counts, which outlive a reload: for each room the id of the message that was
// read last is kept.

import { asFields, asStrings, stored } from './storage.js'
import { words } from './words.js'

/** A poll takes no more rooms. */
export const MAX_ROOMS = 16

const RECENT = 12
const FIRST = 'lobby'

export type UnreadCount = { readonly count: number; readonly mentions: number }

const NOTHING: UnreadCount = { count: 0, mentions: 0 }

export class Rooms {
  readonly #stored = stored('local', 'rooms', asRooms)
  readonly #recent = stored('local', 'recent', asRooms)
  readonly #readTo = stored('session', 'read', asFields)
  readonly #unread = new Map<string, UnreadCount>()
  readonly #listeners = new Set<() => void>()

  constructor() {
    this.#stored.onChange(() => this.#tell())
    addEventListener('hashchange', () => this.#tell())
  }

  /** The open rooms, with the current one. */
  get open(): readonly string[] {
    const open = this.#stored.read()
    return open.includes(this.current) ? open : [...open, this.current].slice(-MAX_ROOMS)
  }

  /** Is a room in the list that all tabs share? */
  isOpen(room: string): boolean {
    return this.#stored.read().includes(room)
  }

  /** Rooms that were open earlier, the latest first. */
  get recent(): readonly string[] {
    return this.#recent.read()
  }

  get current(): string {
    return inAddress() ?? this.#stored.read()[0] ?? FIRST
  }

  get unread(): UnreadCount {
    let sum = NOTHING
    for (const { count, mentions } of this.#unread.values())
      sum = { count: sum.count + count, mentions: sum.mentions + mentions }
    return sum
  }

  unreadIn(room: string): UnreadCount {
    return this.#unread.get(room) ?? NOTHING
  }

  /** Calls back when the list, the current room or what is unread changes. */
  onChange(call: () => void): void {
    this.#listeners.add(call)
  }

  /** Adds a room to the list. */
  add(room: string): void {
    this.#recent.write([room, ...this.recent.filter((other) => other !== room)].slice(0, RECENT))
    const open = this.#stored.read()
    if (!open.includes(room)) this.#stored.write([...open, room].slice(-MAX_ROOMS))
    this.#tell()
  }

  /** Takes a room out of the list; the last one stays. */
  remove(room: string): void {
    const rest = this.open.filter((other) => other !== room)
    const [first] = rest
    if (first === undefined) return
    this.#stored.write(rest)
    this.#unread.delete(room)
    if (this.current === room || inAddress() === room) this.go(first)
    this.#tell()
  }

  go(room: string): void {
    location.hash = room
  }

  count(room: string, count: number, mentions: number): void {
    if (count === 0) return
    const before = this.unreadIn(room)
    this.#unread.set(room, { count: before.count + count, mentions: before.mentions + mentions })
    this.#tell()
  }

  /** The id of the message that was read last in a room; undefined if none was. */
  readTo(room: string): number | undefined {
    const id = this.#readTo.read()[room]
    return typeof id === 'number' ? id : undefined
  }

  /** Everything in a room has been read, up to this id; 0 if the id is not known yet. */
  read(room: string, id: number): void {
    if (id > 0 && id !== this.readTo(room)) this.#readTo.write({ ...this.#readTo.read(), [room]: id })
    if (this.#unread.delete(room)) this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** Is this the name of a room? */
export function isRoom(name: string): boolean {
  return /^[\w-]{1,64}$/.test(name)
}

/** Why a room cannot be opened beside those that are open, as a sentence; empty if it can. */
export async function whyNoRoom(name: string, open: readonly string[] = []): Promise<string> {
  const isMany = open.length >= MAX_ROOMS && !open.includes(name)
  if (isRoom(name) && !isMany) return ''
  try {
    const { noName, tooMany } = await import('./why-not.js')
    return isMany ? tooMany(MAX_ROOMS) : noName(name)
  } catch {
    return words.noConnection
  }
}

function inAddress(): string | undefined {
  const name = location.hash.slice(1)
  return isRoom(name) ? name : undefined
}

/** The part of the address that should be a room and is none; empty if nothing is wrong. */
export function wrongInAddress(): string {
  const name = location.hash.slice(1)
  if (name === '' || isRoom(name)) return ''
  try {
    return decodeURIComponent(name).slice(0, 100)
  } catch {
    // A broken escape is shown as it is.
    return name.slice(0, 100)
  }
}

function asRooms(value: unknown): string[] {
  return asStrings(value).filter(isRoom).slice(-MAX_ROOMS)
}
