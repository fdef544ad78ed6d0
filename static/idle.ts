// What can wait until the page has nothing else to do, but not for long.

const IDLE_MS = 3000

/** Without a connection it is not loaded: it is loaded when it is asked for, or not at all. */
export function whenIdle(load: () => Promise<void>): void {
  const call = (): void => void load().catch(() => undefined)
  if ('requestIdleCallback' in globalThis) requestIdleCallback(call, { timeout: IDLE_MS })
  else setTimeout(call, IDLE_MS)
}
