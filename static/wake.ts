// Reasons to believe that the connection has changed: the network went or is back, the page is seen again, or more
// time went by than the clock's steps explain, so the machine slept.

const STEP_MS = 5000
const SLEPT_MS = 10_000

export function onWake(call: () => void): void {
  let at = Date.now()
  let hiddenAt = 0
  setInterval(() => {
    const now = Date.now()
    if (now - at > STEP_MS + SLEPT_MS && document.visibilityState === 'visible') call()
    at = now
  }, STEP_MS)
  addEventListener('online', call)
  // A parked poll does not notice: the next one finds out whether the server can be reached.
  addEventListener('offline', call)
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) call()
  })
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') hiddenAt = Date.now()
    else if (Date.now() - hiddenAt > SLEPT_MS) call()
  })
}
