// Loads code when the page has nothing else to do, or after a short time.

const IDLE_MS = 3000

/** Without a connection nothing is loaded here: the code is loaded when it is needed, or not at all. */
export function whenIdle(load: () => Promise<void>): void {
  const call = (): void => void load().catch(() => undefined)
  if ('requestIdleCallback' in globalThis) requestIdleCallback(call, { timeout: IDLE_MS })
  else setTimeout(call, IDLE_MS)
}
