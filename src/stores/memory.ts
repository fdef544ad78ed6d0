// Keeps the newest messages of each room in memory, and forgets a room with its last subscriber. The plainest store,
// and the one to read first.

import type { Random } from '../core/clock.js'
import { NO_EPOCH } from '../core/rooms/cursor.js'
import { changesOf } from '../core/rooms/change.js'
import type { Message } from '../core/rooms/message.js'
import { Ring } from '../core/rooms/ring.js'
import type { Deliver, History, Range, Store } from '../core/rooms/store.js'

type MemoryLog = { epoch: string; readonly ring: Ring<Message>; readonly subscribers: Set<Deliver> }

/** `size`: how many messages a room keeps. */
export function memoryStore(size: number, random: Random): Store {
  const logs = new Map<string, MemoryLog>()

  function open(room: string): MemoryLog {
    let log = logs.get(room)
    if (log === undefined) logs.set(room, (log = { epoch: NO_EPOCH, ring: new Ring(size), subscribers: new Set() }))
    return log
  }

  return {
    append(room, draft) {
      const log = open(room)
      if (log.epoch === NO_EPOCH || draft.type === 'clear') {
        log.epoch = random.epoch()
        log.ring.clear()
      }
      const message: Message = { id: log.ring.last + 1, ...draft }
      log.ring.put(message.id, message)
      if (message.of !== undefined) for (const after of changesOf(log.ring, message)) log.ring.replace(after.id, after)
      for (const deliver of log.subscribers) deliver(message, log.epoch)
      return { message, epoch: log.epoch }
    },

    async subscribe(room, deliver) {
      const log = open(room)
      const recent = log.ring.slice(1, log.ring.last)
      // Each subscriber is its own object: two may share one function.
      const subscriber: Deliver = (message, epoch) => deliver(message, epoch)
      log.subscribers.add(subscriber)
      return {
        recent,
        epoch: log.epoch,
        last: log.ring.last,
        close() {
          log.subscribers.delete(subscriber)
          if (log.subscribers.size === 0 && logs.get(room) === log) logs.delete(room)
        },
      }
    },

    async read(room, range) {
      const log = logs.get(room)
      return log === undefined ? { messages: [], epoch: NO_EPOCH, first: 0, last: 0, more: false } : page(log, range)
    },

    expire(room, first) {
      const ring = logs.get(room)?.ring
      while (ring !== undefined && ring.first < first && ring.shift() !== undefined);
    },

    async close() {
      logs.clear()
    },
  }
}

function page({ epoch, ring }: MemoryLog, { before, after, limit }: Range): History {
  const { first, last } = ring
  const from =
    after === undefined ? Math.max(first, Math.min(before ?? Infinity, last + 1) - limit) : Math.max(first, after + 1)
  const to = after === undefined ? Math.min(before ?? Infinity, last + 1) - 1 : Math.min(last, from + limit - 1)
  const messages = ring.slice(from, to)
  return { messages, epoch, first, last, more: after === undefined ? from > first && messages.length > 0 : to < last }
}
