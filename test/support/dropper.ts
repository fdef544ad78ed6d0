// A TCP proxy that can lose the answer to a POST: the request arrives, and the connection breaks before its answer is
// back. So the client cannot know whether it arrived, which is the reason for idempotency keys.

import { connect, createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Dropper = {
  readonly url: string
  /** How many more answers to `POST /send` are lost. */
  drop: number
  /** How many were. */
  dropped: number
  /** Refuses everything while true: the network is gone. */
  down: boolean
  /** Breaks every connection, and is down. */
  cut(): void
}

export async function startDropper(port: number): Promise<Dropper> {
  const sockets = new Set<Socket>()
  const state = {
    url: '',
    drop: 0,
    dropped: 0,
    down: false,
    cut() {
      state.down = true
      for (const socket of sockets) socket.destroy()
    },
  }
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // A reset is what this is for.
    socket.on('error', () => undefined)
  }
  const server = createServer((client) => {
    keep(client)
    if (state.down) return void client.destroy()
    const upstream = connect(port, '127.0.0.1')
    keep(upstream)
    let loses = false
    client.on('data', (chunk: Buffer) => {
      if (state.drop > 0 && chunk.toString('latin1').startsWith('POST /send')) {
        state.drop--
        loses = true
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk: Buffer) => {
      if (!loses) return void client.write(chunk)
      state.dropped++
      client.destroy()
      upstream.destroy()
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port: own } = server.address() as AddressInfo
  state.url = `http://127.0.0.1:${own}`
  return state
}
