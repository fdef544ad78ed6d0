// A bad network: a TCP proxy in front of a server, whose connections a test can hold up and cut.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export type Proxy = {
  readonly port: number
  /** Connections through it. */
  readonly size: number
  /** Stops reading from the server, as a client does that has gone to sleep. */
  hold(): void
  release(): void
  /** Cuts the connection that `choose` points at, from 0 up to, not including, `size`. */
  cut(choose: (size: number) => number): void
  /** Leads to another server from now on, and cuts every connection to the one before. */
  lead(target: number): void
}

export type ProxyOptions = {
  /** What becomes of the bytes that the server sends. */
  readonly change?: (chunk: Buffer) => Buffer
  /** How many milliseconds late a piece is, in either direction. What comes behind it waits for it, as in TCP. */
  readonly lateMs?: () => number
}

export async function startProxy(
  first: number,
  { change = (chunk) => chunk, lateMs = () => 0 }: ProxyOptions = {},
): Promise<Proxy> {
  let target = first
  const pairs: { client: Socket; server: Socket }[] = []
  let isHeld = false
  const listener = createServer((client) => {
    const server = connect({ port: target, host: '127.0.0.1' })
    const pair = { client, server }
    pairs.push(pair)
    const end = (): void => {
      client.destroy()
      server.destroy()
      if (pairs.includes(pair)) pairs.splice(pairs.indexOf(pair), 1)
    }
    for (const socket of [client, server]) socket.setNoDelay(true).on('error', end).on('close', end)
    client.on('data', writer(server, lateMs))
    const answer = writer(client, lateMs)
    server.on('data', (chunk) => answer(change(chunk)))
    if (isHeld) server.pause()
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const cutAll = (): void => {
    for (const { client, server } of pairs.slice()) {
      client.destroy()
      server.destroy()
    }
  }
  onTestFinished(() => {
    cutAll()
    listener.close()
  })
  return {
    port: (listener.address() as AddressInfo).port,
    get size() {
      return pairs.length
    },
    hold() {
      isHeld = true
      for (const { server } of pairs) server.pause()
    },
    release() {
      isHeld = false
      for (const { server } of pairs) server.resume()
    },
    lead(to) {
      target = to
      cutAll()
    },
    cut(choose) {
      const pair = pairs[choose(pairs.length)]
      pair?.client.destroy()
      pair?.server.destroy()
    },
  }
}

/** Writes what it is given in its order, some of it late. */
function writer(to: Socket, lateMs: () => number): (chunk: Buffer) => void {
  let dueAt = 0
  let waiting = 0
  return (chunk) => {
    const now = performance.now()
    dueAt = Math.max(dueAt, now + lateMs())
    if (waiting === 0 && dueAt <= now) return void to.write(chunk)
    waiting++
    setTimeout(() => {
      waiting--
      if (!to.destroyed) to.write(chunk)
    }, dueAt - now)
  }
}
