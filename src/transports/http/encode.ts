// A poll's answer as bytes.
//
// Everyone parked at one place gets the same answer, so it is encoded once and the bytes are shared; an
// unchanged backlog is encoded once and kept for whoever comes next. `now` is part of the answer, so what is
// kept is good for a tenth of a second.

import type { Clock } from '../../core/clock.js'
import type { Reader, View } from '../../core/rooms/reader.js'
import type { Room } from '../../core/rooms/room.js'
import { type Reply, text } from './answer.js'

export type Encoded = {
  readonly reply: Reply
  /** How many messages it brings, and when the newest of them came (`Clock.now`). */
  readonly count: number
  readonly newestAt: number | undefined
  readonly outcome: 'messages' | 'gap' | 'presence' | 'empty'
}

const FRESH_MS = 100
const KEPT_BYTES = 32 * 1024 * 1024

type KeptAnswers = { epoch: string; first: number; last: number; date: number; answers: KeptAnswer[] }

/** An answer, and the place, limit and presence that it is for. */
type KeptAnswer = {
  readonly epoch: string | undefined
  readonly id: number
  readonly limit: number
  readonly version: string | undefined
  readonly encoded: Encoded
}

/** Answers kept a room: readers are at few places at one time. */
const KEPT_ANSWERS = 8

export class Encoder {
  readonly #clock: Clock
  #kept = new WeakMap<Room, KeptAnswers>()
  #bytes = 0
  /** The room asked for last: its readers are woken one after the other. */
  #latest: { readonly room: Room; readonly kept: KeptAnswers } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The answer to a reader as it stands. `retry`: milliseconds it is asked to wait before its next poll. */
  encode(reader: Reader, retry?: number): Encoded {
    const [room] = reader.rooms
    const place = reader.onlyPlace
    if (room === undefined || place === undefined || retry !== undefined) return this.#make(reader, retry)
    const { epoch, id } = place
    const { limit } = reader
    const version = reader.presence ? room.presence.state.version : undefined
    const answers = this.#answersOf(room)
    for (const answer of answers) {
      if (answer.id === id && answer.limit === limit && answer.version === version && answer.epoch === epoch)
        return answer.encoded
    }
    const encoded = this.#make(reader, retry)
    if (answers.length < KEPT_ANSWERS) {
      answers.push({ epoch, id, limit, version, encoded })
      this.#bytes += encoded.reply.body.length
    }
    return encoded
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

  #make(reader: Reader, retry: number | undefined): Encoded {
    const view = reader.look()
    const body = this.#body(reader, view, retry)
    const newest = view.entries.at(-1)
    const outcome =
      view.gaps.length > 0 ? 'gap' : newest !== undefined ? 'messages' : reader.presence ? 'presence' : 'empty'
    // Bytes, for one copy into the socket; a short answer travels better as text, in one piece with its head.
    const bytes = body.length > 4096 ? Buffer.from(body) : body
    return { reply: text(200, 'application/json', bytes), count: view.entries.length, newestAt: newest?.at, outcome }
  }

  #body(reader: Reader, view: View, retry: number | undefined): string {
    const messages = view.entries.map((entry) => entry.json).join(',')
    const gaps = view.gaps.length === 0 ? '[]' : JSON.stringify(view.gaps)
    const rooms = reader.presence
      ? `,"rooms":{${reader.rooms.map((room) => `"${room.name}":${room.presence.state.json}`).join(',')}}`
      : ''
    const wait = retry === undefined ? '' : `,"retry":${retry}`
    const next = reader.cursor(view)
    return `{"messages":[${messages}],"next":"${next}","more":${view.more},"gaps":${gaps}${rooms}${wait},"now":${this.#clock.date()}}`
  }
}
