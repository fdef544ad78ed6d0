// Which tab polls. Browsers open six connections to one host, so if each tab had a parked poll, a seventh tab would
// freeze. One tab leads, and the others follow it.
//
//     a leader's tab is closed, crashes      ─> its lock or lease is free: the next in line has it
//                    is hidden               ─> a tab that can be seen takes over
//                    is frozen by the browser ─> it lets go first; if it could not, it gives no sign,
//                    hangs                      and after 12 s without one another tab takes over
//
// A leader is not chosen well, it is chosen quickly: the tab with the latest term leads, and a tab that hears of a
// later term follows.

import { openLeaderLock, type LeaderLock } from './leader-lock.js'
import type { Note, Status, Tabs } from './tabs.js'
import { onWake } from './wake.js'

/** How often a follower wants to hear from the leader, and how long the leader may be silent. */
const ASK_MS = 4000
const DEAD_MS = 12_000

export type LeaderEvents = {
  lead(): void
  follow(): void
  /** The page is being closed or frozen. */
  rest(): void
  /** The connection may be another than a moment ago. */
  wake(): void
  /** The state of this tab's poll, for the followers. */
  status(): Status
}

export class Leader {
  readonly #tabs: Tabs
  readonly #events: LeaderEvents
  readonly #lock: LeaderLock
  #term = 0
  #leads = false
  /** The leader that this tab follows. */
  #heard = { term: 0, at: 0, visible: true }
  #lookedAt = Date.now()

  constructor(tabs: Tabs, events: LeaderEvents) {
    this.#tabs = tabs
    this.#events = events
    this.#lock = openLeaderLock(tabs.id, {
      acquired: () => this.#acquired(),
      busy: () => events.follow(),
      lost: () => this.#lost(),
    })
  }

  start(): void {
    this.#tabs.onNote((note, from) => this.#take(note, from))
    setInterval(() => this.#look(), ASK_MS)
    onWake(() => this.#events.wake())
    document.addEventListener('visibilitychange', () => this.#seen())
    document.addEventListener('freeze', () => this.#away())
    document.addEventListener('resume', () => this.#back())
    addEventListener('pagehide', () => this.#away())
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) this.#back()
    })
    this.#back()
  }

  get term(): number {
    return this.#term
  }

  get leads(): boolean {
    return this.#leads
  }

  /** Tells the others that the leader lives, and the state of its poll. */
  sign(): void {
    if (!this.#leads) return
    this.#tabs.say({ kind: 'sign', term: this.#term, visible: isVisible(), status: this.#events.status() })
  }

  #acquired(): void {
    this.#term = Math.max(Date.now(), this.#heard.term + 1)
    this.#set(true)
    this.sign()
    this.#events.lead()
  }

  #lost(): void {
    if (!this.#leads) return
    this.#set(false)
    this.#heard = { term: 0, at: Date.now(), visible: true }
    this.#lock.wait()
  }

  /** A person or a test that looks into the page sees which tab leads. */
  #set(leads: boolean): void {
    this.#leads = leads
    document.documentElement.toggleAttribute('data-leads', leads)
  }

  #take(note: Note, from: string): void {
    if (note.kind === 'hello' || note.kind === 'ask') this.sign()
    if (note.kind !== 'sign' && note.kind !== 'batch') return
    if (this.#leads) {
      const isLater = note.term > this.#term || (note.term === this.#term && from > this.#tabs.id)
      // An earlier leader that still speaks is told who leads now.
      if (!isLater) return this.sign()
      this.#lock.release()
      this.#lost()
    }
    if (note.term < this.#heard.term) return
    this.#heard = {
      term: note.term,
      at: Date.now(),
      visible: note.kind === 'sign' ? note.visible : this.#heard.visible,
    }
    this.#seen()
  }

  /** Asks after a leader that is quiet, and takes over from one that stays quiet. */
  #look(): void {
    const now = Date.now()
    const slept = now - this.#lookedAt > 2 * ASK_MS
    this.#lookedAt = now
    if (this.#leads) return
    // A tab that slept has heard nothing for that reason.
    if (slept) this.#heard.at = now
    if (now - this.#heard.at > DEAD_MS) this.#lock.steal()
    else if (now - this.#heard.at >= ASK_MS) this.#tabs.say({ kind: 'ask' })
  }

  /** Visible tabs lead: the browser slows down hidden ones. */
  #seen(): void {
    if (this.#leads) return this.sign()
    if (!isVisible() || this.#heard.visible) return
    const { term } = this.#heard
    setTimeout(() => {
      if (!this.#leads && isVisible() && !this.#heard.visible && this.#heard.term === term) this.#lock.steal()
    }, 200 * Math.random())
  }

  #away(): void {
    this.#set(false)
    this.#events.rest()
    this.#lock.release()
    this.#tabs.say({ kind: 'bye' })
  }

  #back(): void {
    this.#heard = { term: 0, at: Date.now(), visible: true }
    this.#tabs.say({ kind: 'hello' })
    this.#lock.wait()
  }
}

function isVisible(): boolean {
  return document.visibilityState === 'visible'
}
