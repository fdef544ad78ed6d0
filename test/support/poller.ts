// A reader that polls one room for ever on one connection, as a client's loop does; it ends with its test.

import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { post } from './http.js'
import { ask, head } from './raw.js'

const NEXT = /"next":"([^"]+)".*"now":\d+\}$/

/** `name`: joins first, and polls as that session. */
export async function startPoller(port: number, name?: string): Promise<void> {
  const joined = name === undefined ? undefined : await ask(port, post('/join', { room: 'lobby', username: name }))
  const token = /"token":"([\w-]+)"/.exec(joined?.body ?? '')?.[1]
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const poll = (since: string): void => void socket.write(head({ path: `/poll?room=lobby&since=${since}`, headers }))
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    const next = NEXT.exec(text)?.[1]
    if (next === undefined) return
    text = ''
    poll(next)
  })
  socket.on('error', () => undefined) // The server ends first.
  poll('now')
}
