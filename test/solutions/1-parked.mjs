// A solution of exercise 1.

export function createParked(after) {
  const parked = new Set()

  function park(poll, waitMs) {
    const stop = after(waitMs, () => end(undefined))
    const leave = () => {
      stop()
      parked.delete(end)
    }
    function end(message) {
      leave()
      poll(message)
    }
    parked.add(end)
    return leave
  }

  return {
    park,
    wake(message) {
      // A poll that parks again meanwhile is not in this copy.
      const now = [...parked]
      for (const end of now) end(message)
    },
    get size() {
      return parked.size
    },
  }
}
