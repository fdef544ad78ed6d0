// The incoming side of a conversation: messages and gaps for the screen, and the state of the connection.
//
//     GET /poll ── follow ──> messages, gaps ──> screen
//                         └─> lost, back ──────> outage ──> the prompt

import { follow, type Following, type Message } from '../client/index.js'
import { withFile } from './format.js'
import type { Membership } from './membership.js'
import { Outage } from './outage.js'
import type { Screen } from './screen.js'
import { Seen } from './seen.js'
import { within } from './wait.js'

/** How many earlier messages are shown when a room is entered. */
const RECENT = 20

/** How long to wait, after leaving, until one's own leaving is shown. */
const FAREWELL_MS = 1000

export type IncomingOptions = {
  readonly url: string
  readonly room: string
  readonly screen: Screen
  readonly membership: Membership
  readonly onUnauthorized: () => Promise<void>
  /** The room that need not be named. */
  readonly active: () => string
  /** The status has changed, which the prompt shows. */
  readonly onStatus: () => void
  /** The connection was lost, and is back. */
  readonly onBack: () => void
}

export class Incoming {
  readonly #options: IncomingOptions
  readonly #following: Following
  readonly #outage: Outage
  /** The messages that came in lately. */
  readonly seen = new Seen()
  /** Called for every message about one's own leaving. */
  #onLeft: (room: string) => void = () => undefined

  constructor(options: IncomingOptions) {
    const { url, room, screen, membership, onUnauthorized, onStatus } = options
    this.#options = options
    this.#outage = new Outage(url, screen, onStatus)
    const token = (): string | undefined => membership.token
    this.#following = follow({ url, rooms: [room], limit: RECENT, token, onUnauthorized })
  }

  /** A few words for the prompt; empty while all is well. */
  get status(): string {
    return this.#outage.status
  }

  /** Shows messages until it is closed. Throws the error that ended it. */
  async listen(): Promise<void> {
    const { screen, membership, active, url } = this.#options
    let messages: Message[] = []
    for await (const event of this.#following) {
      if (event.kind === 'waiting') this.#outage.wait(event.reason, event.ms)
      else this.#isLive()
      if (event.kind === 'message') messages.push(event.message)
      else if (event.kind === 'gap') {
        if (event.gap.reason !== 'overflow') this.seen.forget(event.gap.room)
        screen.gap(event.gap)
      } else if (event.kind === 'live') {
        const shown = messages.map((message) => withFile(this.seen.take(message), url))
        messages = []
        await screen.show(shown, { me: membership.username, active: active() })
        for (const { type, room, username } of shown)
          if (type === 'leave' && username === membership.username) this.#onLeft(room)
      }
    }
  }

  /** The rooms or the session have changed: goes on with the new ones. */
  changeRooms(): void {
    this.#following.setRooms(this.#options.membership.rooms)
  }

  /** Ends a pause, and tries now. */
  hurry(): void {
    if (this.#outage.isOn) this.#following.hurry()
  }

  /** Polls at once. */
  again(): void {
    this.#following.hurry()
  }

  /** Leaves rooms, and stays for a moment until all earlier messages are shown. */
  async part(rooms: readonly string[], leave: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const rest = new Set(rooms)
    const left = within(FAREWELL_MS, signal, (done) => {
      this.#onLeft = (room) => void (rest.delete(room) && rest.size === 0 && done())
      return () => undefined
    })
    await leave()
    await left
  }

  close(): void {
    this.#outage.close()
    this.#following.close()
  }

  #isLive(): void {
    if (!this.#outage.isOn) return
    this.#outage.end()
    this.#options.onBack()
  }
}
