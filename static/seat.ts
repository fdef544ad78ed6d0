// The seat of the leader, which one tab of a browser has. Two kinds: Web Locks where the browser has them (https
// and localhost), which know at once when a tab is gone; a lease in localStorage elsewhere.
//
// Neither is trusted to be perfect. A frozen tab keeps its lock, and two tabs may write a lease at one time: so
// any tab may `take` the seat from another, and two leaders for a moment do no harm.

import { PLACE } from './base.js'
import { storageOf } from './storage.js'

export type Seat = {
  /** Waits for the seat, and sits down when it is free. */
  wait(): void
  /** Sits down now, whoever sat there. */
  take(): void
  /** Stands up, and waits no more. */
  leave(): void
}

export type SeatEvents = {
  readonly seated: () => void
  /** Another tab took the seat. */
  readonly lost: () => void
}

const NAME = `${PLACE} leader`

export function openSeat(id: string, events: SeatEvents): Seat {
  const storage = storageOf('local')
  if ('locks' in navigator) return lockSeat(navigator.locks, events)
  return storage === undefined ? ownSeat(events) : leaseSeat(id, storage, events)
}

/** https://w3c.github.io/web-locks/ */
function lockSeat(locks: LockManager, { seated, lost }: SeatEvents): Seat {
  let waiting: AbortController | undefined
  let standUp: (() => void) | undefined

  function request(options: LockOptions): void {
    let mine: (() => void) | undefined
    const held = locks.request(NAME, options, () => {
      waiting = undefined
      return new Promise<void>((resolve) => {
        standUp = mine = resolve
        seated()
      })
    })
    held.catch(() => {
      // Rejected: the waiting was ended by ourselves, or the lock was taken from us.
      if (mine === undefined || standUp !== mine) return
      standUp = undefined
      lost()
    })
  }

  const stopWaiting = (): void => {
    waiting?.abort()
    waiting = undefined
  }

  return {
    wait() {
      if (waiting !== undefined || standUp !== undefined) return
      waiting = new AbortController()
      request({ signal: waiting.signal })
    },
    take() {
      stopWaiting()
      if (standUp === undefined) request({ steal: true })
    },
    leave() {
      stopWaiting()
      const stand = standUp
      standUp = undefined
      stand?.()
    },
  }
}

/** How long a lease is good for that nobody renews. */
const LEASE_MS = 12_000
const LOOK_MS = 1000

function leaseSeat(id: string, storage: Storage, { seated, lost }: SeatEvents): Seat {
  let state: 'out' | 'waiting' | 'seated' = 'out'

  const write = (): void => storage.setItem(NAME, JSON.stringify({ id, until: Date.now() + LEASE_MS }))
  const read = (): { id: string; until: number } => {
    const [, holder = '', until = '0'] = /^\{"id":"([^"]*)","until":(\d+)\}$/.exec(storage.getItem(NAME) ?? '') ?? []
    return { id: holder, until: Number(until) }
  }
  const look = (): void => {
    const holder = read()
    if (state === 'seated' && holder.id !== id && holder.id !== '') {
      state = 'waiting'
      lost()
    } else if (state === 'seated') write()
    else if (state === 'waiting' && holder.until < Date.now()) take()
  }
  const take = (): void => {
    if (state === 'seated') return
    state = 'seated'
    write()
    seated()
  }

  setInterval(look, LOOK_MS)
  addEventListener('storage', ({ key, newValue }) => {
    if (key !== NAME) return
    // A free seat: not all at once.
    if (newValue === null) setTimeout(look, 100 * Math.random())
    else look()
  })
  return {
    wait() {
      if (state !== 'out') return
      state = 'waiting'
      look()
    },
    take,
    leave() {
      if (state === 'seated' && read().id === id) storage.removeItem(NAME)
      state = 'out'
    },
  }
}

/** Without storage nobody can be told who leads: each tab does. */
function ownSeat({ seated }: SeatEvents): Seat {
  return { wait: seated, take: () => undefined, leave: () => undefined }
}
