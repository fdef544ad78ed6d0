// Reactions of many people, gathered. A class that answers 👍 must not push what was said out of the ring. So a
// reaction is kept at once if none like it was kept for its message within the last second. The reactions that come
// meanwhile are kept together when the second is over.
//
//     ada 👍   bob 👍  carl 👍  dora 👍               eve 👍
//     ├─ 1 s ─────────────────┤├─ 1 s ───────────────┤├─ …
//     kept: ada                 kept: bob carl dora     kept: eve
//
// So an emoji costs a message two entries in the first second, and one in each second after it, however many people
// there are.

import type { Clock, Undo } from '../clock.js'
import { ChatError } from '../errors.js'
import type { Appended } from '../rooms/store.js'

export const GATHER_MS = 1000

/** The person who reacts, and whether the reaction is put there or taken back. */
export type Reacting = { readonly username: string; readonly isOn: boolean }

type Keep = (names: readonly string[]) => Promise<Appended>

type UnderWay = { readonly isOn: boolean; readonly kept: Promise<Appended> }

type Waiting = { readonly names: Set<string>; readonly kept: Promise<Appended>; keep(): void; refuse(): void }

/**
 * An emoji under a message: the people who wait, by whether they put it there; and the second, which ends with
 * `stop`.
 */
type Gathering = { readonly waiting: Map<boolean, Waiting>; readonly underWay: Map<string, UnderWay>; stop: Undo }

export class Gatherings {
  readonly #clock: Clock
  readonly #gatherings = new Map<string, Gathering>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many emoji under messages have their second now. */
  get size(): number {
    return this.#gatherings.size
  }

  /** This person's reaction with this emoji that is not kept yet, if there is one. */
  underWay(key: string, username: string): UnderWay | undefined {
    return this.#gatherings.get(key)?.underWay.get(username)
  }

  /** How many people wait to put the emoji there. */
  waiting(key: string): number {
    return this.#gatherings.get(key)?.waiting.get(true)?.names.size ?? 0
  }

  /** Keeps a reaction, now or with others. `keep` is given all their names. */
  add(key: string, { username, isOn }: Reacting, keep: Keep): Promise<Appended> {
    const gathering = this.#gatherings.get(key)
    if (gathering === undefined) {
      const begun = this.#begin(key)
      return this.#track(begun, username, isOn, keep([username]))
    }
    const waiting = gathering.waiting.get(isOn) ?? wait(keep)
    gathering.waiting.set(isOn, waiting)
    waiting.names.add(username)
    return this.#track(gathering, username, isOn, waiting.kept)
  }

  /** Refuses the reactions that wait, and leaves no timer behind. */
  close(): void {
    for (const { waiting, stop } of this.#gatherings.values()) {
      stop()
      for (const one of waiting.values()) one.refuse()
    }
    this.#gatherings.clear()
  }

  #begin(key: string): Gathering {
    const gathering: Gathering = { waiting: new Map(), underWay: new Map(), stop: () => undefined }
    const turn = (): void => {
      gathering.stop = this.#clock.after(GATHER_MS, () => {
        const due = [...gathering.waiting.values()]
        gathering.waiting.clear()
        if (due.length === 0) this.#gatherings.delete(key)
        else turn()
        for (const one of due) one.keep()
      })
    }
    this.#gatherings.set(key, gathering)
    turn()
    return gathering
  }

  #track({ underWay }: Gathering, username: string, isOn: boolean, kept: Promise<Appended>): Promise<Appended> {
    const one = { isOn, kept }
    underWay.set(username, one)
    const done = (): void => {
      if (underWay.get(username) === one) underWay.delete(username)
    }
    kept.then(done, done)
    return kept
  }
}

function wait(keep: Keep): Waiting {
  const names = new Set<string>()
  let [start, refuse] = [(): void => undefined, (): void => undefined]
  const kept = new Promise<void>((resolve, reject) => {
    start = resolve
    refuse = () => reject(new ChatError('unavailable', 'the server is stopping: try again in a moment', 2))
  }).then(() => keep([...names]))
  return { names, kept, keep: () => start(), refuse: () => refuse() }
}
