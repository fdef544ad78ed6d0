// Keeps the screen awake where the browser can (https and localhost: https://www.w3.org/TR/screen-wake-lock/).

/** Returns a function that lets the screen sleep again. */
export function keepAwake(): () => void {
  if (!('wakeLock' in navigator)) return () => undefined
  let isWanted = true
  let lock: WakeLockSentinel | undefined
  const request = async (): Promise<void> => {
    // A hidden page loses its lock, and asks for it again when it is seen.
    if (!isWanted || document.visibilityState !== 'visible') return
    try {
      lock = await navigator.wakeLock.request('screen')
      if (!isWanted) await lock.release()
    } catch {
      // The battery is low, or the browser refuses: the screen sleeps as usual.
    }
  }
  const seen = (): void => void request()
  document.addEventListener('visibilitychange', seen)
  void request()
  return () => {
    isWanted = false
    document.removeEventListener('visibilitychange', seen)
    void lock?.release()
  }
}
