// A poll's answer as bytes.
//
// All readers that are parked at one place get the same answer, so it is encoded once and the bytes are shared. The
// answer for new readers is encoded once as well, and kept while nothing changes. `now` is part of an answer, so it
// is kept for a tenth of a second.
//
// An answer has at most 1 MiB. A long answer that is not kept is made in its turn, one at a time.

import type { Gap } from '../../core/rooms/gap.js'
import type { Clock } from '../../core/clock.js'
import type { Place } from '../../core/rooms/cursor.js'
import { presenceVersion, type Reader, type View } from '../../core/rooms/reader.js'
import type { Room } from '../../core/rooms/room.js'
import { Turns } from '../../core/turns.js'
import { openJson, type Reply } from './answer.js'

export type Encoded = {
  readonly reply: Reply
  /** How many messages the answer has, and when the newest of them came (`Clock.now`). */
  readonly count: number
  readonly newestAt: number | undefined
  /** What the reader cannot have. */
  readonly gaps: readonly Gap[]
  /** Where the reader is afterwards, room for room. */
  readonly places: readonly Place[]
  readonly outcome: 'messages' | 'gap' | 'presence' | 'empty'
}

const FRESH_MS = 100
const KEPT_BYTES = 16 * 1024 * 1024

/** So many bytes of messages are encoded at once, whatever else waits: that takes a tenth of a millisecond. */
const LONG_BYTES = 64 * 1024

/** So many long answers may wait to be made. */
const WAITING = 1000

type KeptAnswers = { epoch: string; first: number; last: number; date: number; answers: KeptAnswer[] }

/** An answer that is kept, and the place, limit and presence that it is for. */
type KeptAnswer = {
  readonly epoch: string | undefined
  readonly id: number
  readonly limit: number
  readonly version: string | undefined
  readonly encoded: Encoded
}

/** Answers that are kept for each room: its readers are at few places at one time. */
const KEPT_ANSWERS = 8

export class Encoder {
  readonly #clock: Clock
  readonly #turns: Turns
  #kept = new WeakMap<Room, KeptAnswers>()
  #bytes = 0
  /** The room that was asked for last: its readers are woken one after the other. */
  #latest: { readonly room: Room; readonly kept: KeptAnswers } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#turns = new Turns(clock, 1, WAITING)
  }

  /**
   * The answer to a reader that asks just now. A long answer is made in its turn. Rejects with `unavailable` when too
   * many wait.
   */
  encodeSoon(reader: Reader): Encoded | Promise<Encoded> {
    const known = this.#find(reader)
    if (known !== undefined) return known
    const view = reader.look()
    if (view.bytes <= LONG_BYTES) return this.encode(reader, undefined, view)
    return this.#turns.run(() => this.encode(reader))
  }

  /**
   * The answer to a reader as it stands. `retry`: the milliseconds that the client is asked to wait before its next
   * poll.
   */
  encode(reader: Reader, retry?: number, view?: View): Encoded {
    if (retry !== undefined) return this.#make(reader, retry, view)
    const known = this.#find(reader)
    if (known !== undefined) return known
    const encoded = this.#make(reader, retry, view)
    const [room] = reader.rooms
    const place = reader.onlyPlace
    if (room === undefined || place === undefined) return encoded
    const answers = this.#answersOf(room)
    if (answers.length < KEPT_ANSWERS) {
      const { epoch, id } = place
      answers.push({ epoch, id, limit: reader.limit, version: versionOf(reader, room), encoded })
      this.#bytes += encoded.reply.body.length
    }
    return encoded
  }

  /** The answer that another reader at the same place was given. `version`: the version of the presence in it. */
  find(room: Room, { epoch, id }: Place, limit: number, version?: string): Encoded | undefined {
    for (const answer of this.#answersOf(room)) {
      if (answer.id === id && answer.limit === limit && answer.version === version && answer.epoch === epoch)
        return answer.encoded
    }
    return undefined
  }

  #find(reader: Reader): Encoded | undefined {
    const [room] = reader.rooms
    const place = reader.onlyPlace
    if (room === undefined || place === undefined) return undefined
    return this.find(room, place, reader.limit, versionOf(reader, room))
  }

  #answersOf(room: Room): KeptAnswer[] {
    const kept = this.#latest?.room === room ? this.#latest.kept : this.#keptOf(room)
    if (this.#latest?.room !== room) this.#latest = { room, kept }
    const date = this.#clock.date()
    if (
      kept.last === room.last &&
      kept.first === room.first &&
      kept.epoch === room.epoch &&
      Math.abs(date - kept.date) < FRESH_MS
    )
      return kept.answers
    for (const old of kept.answers) this.#bytes -= old.encoded.reply.body.length
    kept.epoch = room.epoch
    kept.first = room.first
    kept.last = room.last
    kept.date = date
    kept.answers = []
    return kept.answers
  }

  #keptOf(room: Room): KeptAnswers {
    if (this.#bytes > KEPT_BYTES) {
      this.#kept = new WeakMap()
      this.#bytes = 0
    }
    let kept = this.#kept.get(room)
    if (kept === undefined) this.#kept.set(room, (kept = { epoch: '', first: 0, last: 0, date: 0, answers: [] }))
    return kept
  }

  #make(reader: Reader, retry: number | undefined, view = reader.look()): Encoded {
    const body = this.#body(reader, view, retry)
    const newest = view.entries.at(-1)
    const outcome =
      view.gaps.length > 0 ? 'gap' : newest !== undefined ? 'messages' : reader.presence ? 'presence' : 'empty'
    return {
      reply: openJson(body),
      count: view.entries.length,
      newestAt: newest?.at,
      gaps: view.gaps,
      places: view.places,
      outcome,
    }
  }

  #body(reader: Reader, view: View, retry: number | undefined): string {
    const messages = view.entries.map((entry) => entry.json).join(',')
    const gaps = view.gaps.length === 0 ? '[]' : JSON.stringify(view.gaps)
    const rooms = reader.presence
      ? `,"rooms":{${reader.rooms.map((room) => `"${room.name}":${room.presence.json(reader.seen)}`).join(',')}}`
      : ''
    const wait = retry === undefined ? '' : `,"retry":${retry}`
    const next = reader.cursor(view)
    return `{"messages":[${messages}],"next":"${next}","more":${view.more},"gaps":${gaps}${rooms}${wait},"now":${this.#clock.date()}}`
  }
}

function versionOf(reader: Reader, room: Room): string | undefined {
  return reader.presence ? presenceVersion([room], reader.seen) : undefined
}
