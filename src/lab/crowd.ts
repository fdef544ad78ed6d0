// Readers and writers that the lab makes, as many as it is told.
//
//     readers   first a poll, a stream of events and a WebSocket; then of ten readers seven poll, two have events, one a socket
//     writers   take turns, `rate` messages a minute together; each message is tried under one key until it is acknowledged

import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account, Crowd, CrowdState, Way } from '../client/lab.js'
import { sumOf } from '../client/ledger.js'
import { type LabReader, openReader, type Place, say } from './readers.js'

/** At most so many readers are told one by one. */
const SOME = 12

/** The most messages on their way at one time. */
const MOST_SENDING = 64

const AGAIN_MS = 300

const TEN: readonly Way[] = ['poll', 'poll', 'events', 'poll', 'poll', 'poll', 'events', 'poll', 'poll', 'websocket']

export class LabCrowd {
  readonly #place: Omit<Place, 'room'>
  readonly #ways: readonly Way[]
  readonly #readers: LabReader[] = []
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MOST_SENDING })
  readonly #run = Math.random().toString(36).slice(2, 8)
  #crowd: Crowd
  #said = 0
  #sent = 0
  #sending = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(place: Omit<Place, 'room'>, ways: readonly Way[], crowd: Crowd) {
    this.#place = place
    this.#ways = ways
    this.#crowd = crowd
  }

  get state(): CrowdState {
    const accounts = this.#readers.map(({ name, way, ledger }): Account => ({ name, way, ...ledger.counts }))
    return { ...this.#crowd, said: this.#said, total: sumOf(accounts), some: accounts.slice(0, SOME) }
  }

  /** The ports of the first reader of a way. */
  portsOf(way: Way | 'none'): number[] {
    const port = this.#readers.find((reader) => reader.way === way)?.port()
    return port === undefined ? [] : [port]
  }

  set(crowd: Crowd): void {
    // In another room all readers begin anew.
    if (crowd.room !== this.#crowd.room) this.#closeReaders(0)
    this.#crowd = crowd
    this.#closeReaders(crowd.readers)
    for (let i = this.#readers.length; i < crowd.readers; i++)
      this.#readers.push(
        openReader({ ...this.#place, room: crowd.room, name: `lab-r${i + 1}`, way: wayOf(i, this.#ways) }),
      )
    clearInterval(this.#timer)
    if (crowd.writers > 0 && crowd.rate > 0)
      this.#timer = setInterval(() => this.#write(), Math.max(1, 60_000 / crowd.rate))
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#closeReaders(0)
    this.#agent.destroy()
  }

  #closeReaders(left: number): void {
    for (const reader of this.#readers.splice(left)) reader.close()
  }

  #write(): void {
    // A server that was stopped is not owed all the messages of that time.
    if (this.#sending >= MOST_SENDING) return
    const { room, writers } = this.#crowd
    const number = ++this.#sent
    const username = `lab-w${(number % writers) + 1}`
    void this.#say({ ...this.#place, room }, { username, text: `message ${number}`, key: `lab-${this.#run}-${number}` })
  }

  async #say(place: Place, said: Readonly<Record<string, string>>): Promise<void> {
    this.#sending++
    try {
      while (!this.#isClosed) {
        try {
          await say(place, this.#agent, said)
          this.#said++
          return
        } catch {
          // Not swallowed: it is tried again under the same key, until it is acknowledged.
          await sleep(AGAIN_MS)
        }
      }
    } finally {
      this.#sending--
    }
  }
}

function wayOf(index: number, ways: readonly Way[]): Way {
  const first: readonly Way[] = ['poll', 'events', 'websocket']
  const way = (index < 3 ? first[index] : TEN[index % 10]) ?? 'poll'
  return ways.includes(way) ? way : 'poll'
}
