// Keeps unsent messages in the browser's storage for this tab: after a reload, or a restart of the browser, they go
// on with the same keys.

import type { OutboxStorage, Pending } from '../src/client/outbox.js'
import { asFields, asString, stored } from './storage.js'

export function storedOutbox(): OutboxStorage {
  const outbox = stored('session', 'outbox', asPending)
  return { load: () => outbox.read(), save: (pending) => outbox.write([...pending]) }
}

function asPending(value: unknown): Pending[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((item) => {
    const { key, room, username, text, state, error } = asFields(item)
    if (asString(key) === '' || asString(room) === '' || asString(text) === '') return []
    const was =
      state === 'failed' ? { state: 'failed' as const, error: asString(error) } : { state: 'sending' as const }
    return [
      {
        key: asString(key),
        room: asString(room),
        username: asString(username),
        text: asString(text),
        ...was,
      },
    ]
  })
}
