// A solution of exercise 2.

export function createRing(size) {
  const slots = []
  let last = 0
  return {
    put(message) {
      slots[message.id % size] = message
      last = message.id
    },
    since(id) {
      const first = Math.max(1, last - size + 1)
      const missed = id === 0 ? 0 : Math.max(0, first - id - 1)
      const messages = []
      for (let next = Math.max(id + 1, first); next <= last; next++) messages.push(slots[next % size])
      return { messages, missed }
    },
  }
}
