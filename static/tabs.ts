// What the tabs of one browser tell each other. A BroadcastChannel works on plain http too. Where there is none, a
// tab is alone and polls for itself.

import type { Gap, Message, PresenceState } from '../src/client/wire.js'
import { PLACE } from './base.js'

/** The contents of one answer, as the leader hands it on. */
export type Batch = {
  readonly messages: readonly Message[]
  readonly gaps: readonly Gap[]
  readonly rooms: Readonly<Record<string, PresenceState>> | undefined
  readonly next: string
  readonly now: number
}

export type Status =
  | { readonly kind: 'starting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'waiting'; readonly reason: 'network' | 'server'; readonly until: number }
  | { readonly kind: 'stopped'; readonly sentence: string }

export type Note =
  /** A tab has opened; the others answer `here`. */
  | { readonly kind: 'hello' }
  | { readonly kind: 'here' }
  | { readonly kind: 'bye' }
  /** Is the leader still there? */
  | { readonly kind: 'ask' }
  /** The leader lives. `term`: when it acquired the lock. */
  | { readonly kind: 'sign'; readonly term: number; readonly visible: boolean; readonly status: Status }
  /** The leader's batch. `seq` counts up by one, so that a tab that slept notices. */
  | { readonly kind: 'batch'; readonly term: number; readonly seq: number; readonly batch: Batch }
  /** A tab wants the leader to poll now. */
  | { readonly kind: 'hurry' }

type Letter = { readonly from: string; readonly note: Note }

export class Tabs {
  readonly id: string
  readonly #channel: BroadcastChannel | undefined
  readonly #others = new Set<string>()
  readonly #listeners = new Set<(note: Note, from: string) => void>()

  constructor(id: string) {
    this.id = id
    this.#channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(`${PLACE} 1`) : undefined
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<Letter>) => this.#take(data))
  }

  /** Is there no other tab of this chat? */
  get alone(): boolean {
    return this.#others.size === 0
  }

  say(note: Note): void {
    this.#channel?.postMessage({ from: this.id, note } satisfies Letter)
  }

  /** Calls back with the notes of other tabs. */
  onNote(call: (note: Note, from: string) => void): void {
    this.#listeners.add(call)
  }

  #take({ from, note }: Letter): void {
    if (note.kind === 'bye') this.#others.delete(from)
    else this.#others.add(from)
    if (note.kind === 'hello') this.say({ kind: 'here' })
    for (const listener of this.#listeners) listener(note, from)
  }
}
