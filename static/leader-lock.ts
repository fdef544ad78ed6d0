// The leader's lock, which one tab of a browser holds. There are two kinds: Web Locks where the browser has them
// (https and localhost), which know at once when a tab is gone; elsewhere a lease in localStorage.
//
// Neither is perfect. A frozen tab keeps its lock, and two tabs may write a lease at one time. So any tab may `steal`
// the lock, and two leaders for a moment do no harm.

import { PLACE } from './base.js'
import { storageOf } from './storage.js'

export type LeaderLock = {
  /** Acquires the lock, at once if it is free; otherwise says `busy`, and waits for it. */
  wait(): void
  /** Acquires the lock now, from any tab that holds it. */
  steal(): void
  /** Lets the lock go, and stops waiting. */
  release(): void
}

export type LeaderLockEvents = {
  readonly acquired: () => void
  /** Another tab holds the lock: this one waits. */
  readonly busy: () => void
  /** Another tab stole the lock. */
  readonly lost: () => void
}

const NAME = `${PLACE} leader`

export function openLeaderLock(id: string, events: LeaderLockEvents): LeaderLock {
  const storage = storageOf('local')
  if ('locks' in navigator) return webLock(navigator.locks, events)
  return storage === undefined ? ownLock(events) : leaseLock(id, storage, events)
}

/** https://w3c.github.io/web-locks/ */
function webLock(locks: LockManager, { acquired, busy, lost }: LeaderLockEvents): LeaderLock {
  let waiting: AbortController | undefined
  let letGo: (() => void) | undefined

  function request(options: LockOptions): void {
    let mine: (() => void) | undefined
    const held = locks.request(NAME, options, (lock) => {
      // The question was whether the lock is free. If this tab has stopped waiting meanwhile, it does not want it.
      if (options.ifAvailable === true && waiting?.signal.aborted !== false) return undefined
      if (lock === null) {
        busy()
        if (waiting !== undefined) request({ signal: waiting.signal })
        return undefined
      }
      waiting = undefined
      return new Promise<void>((resolve) => {
        letGo = mine = resolve
        acquired()
      })
    })
    held.catch(() => {
      // Rejected: this tab stopped waiting, or the lock was stolen.
      if (mine === undefined || letGo !== mine) return
      letGo = undefined
      lost()
    })
  }

  const stopWaiting = (): void => {
    waiting?.abort()
    waiting = undefined
  }

  return {
    wait() {
      if (waiting !== undefined || letGo !== undefined) return
      waiting = new AbortController()
      // This request takes no signal: it is answered at once.
      request({ ifAvailable: true })
    },
    steal() {
      stopWaiting()
      if (letGo === undefined) request({ steal: true })
    },
    release() {
      stopWaiting()
      const release = letGo
      letGo = undefined
      release?.()
    },
  }
}

/** How long a lease is good without being renewed. */
const LEASE_MS = 12_000
const LOOK_MS = 1000

function leaseLock(id: string, storage: Storage, { acquired, busy, lost }: LeaderLockEvents): LeaderLock {
  let state: 'out' | 'waiting' | 'held' = 'out'

  const write = (): void => storage.setItem(NAME, JSON.stringify({ id, until: Date.now() + LEASE_MS }))
  const read = (): { id: string; until: number } => {
    const [, holder = '', until = '0'] = /^\{"id":"([^"]*)","until":(\d+)\}$/.exec(storage.getItem(NAME) ?? '') ?? []
    return { id: holder, until: Number(until) }
  }
  const look = (): void => {
    const holder = read()
    if (state === 'held' && holder.id !== id && holder.id !== '') {
      // As with Web Locks, a tab that has lost the lock waits for it if it asks to.
      state = 'out'
      lost()
    } else if (state === 'held') write()
    else if (state === 'waiting' && holder.until < Date.now()) steal()
  }
  const steal = (): void => {
    if (state === 'held') return
    state = 'held'
    write()
    acquired()
  }

  setInterval(look, LOOK_MS)
  addEventListener('storage', ({ key, newValue }) => {
    if (key !== NAME) return
    // The lock is free: the tabs do not all try at once.
    if (newValue === null) setTimeout(look, 100 * Math.random())
    else look()
  })
  return {
    wait() {
      if (state !== 'out') return
      state = 'waiting'
      look()
      if (state === 'waiting') busy()
    },
    steal,
    release() {
      if (state === 'held' && read().id === id) storage.removeItem(NAME)
      state = 'out'
    },
  }
}

/** Without storage the tabs cannot agree on a leader: each one leads. */
function ownLock({ acquired }: LeaderLockEvents): LeaderLock {
  return { wait: acquired, steal: () => undefined, release: () => undefined }
}
