// Accepts the sockets of the fast path, and reads all of them into one buffer.
//
//     accepted ──> queue ──> socket                                          a burst is accepted before it is served
//     socket ── n bytes ──> the shared buffer ──> reader.read(buffer, n)     a reader copies the bytes that it keeps
//        └── no reader any more ──> a copy ──> 'data'                        like every other socket
//
// Node reads each chunk into 64 KiB of its own and then cuts them down, which costs 2 of a poll's 14 µs. `net.Socket`
// has the option `onread` for a buffer that stays. But a server makes its sockets itself, and does not pass that
// option on. So the accepted connections are taken from the server's handle here, and each socket is made as
// `net.Server` makes it, with that option. This is not documented: `_handle`, `_server`, `_connections` and the
// option `handle` are Node's own. If one of them is not as expected, the server makes the socket, and it is read by
// its 'data' events.
//
// Making a socket and reading its first request takes six times as long as accepting it. In a burst the system's
// queue (at most 4,096) would overflow meanwhile, and a client that finds no place there tries again after a second.
// So while more come, sixteen are accepted for each one that is made, but for half a second at most: on a busy server
// there is always one more, and those that wait must not wait for ever.

import { type Server, Socket } from 'node:net'
import { READ_BYTES } from '../large-reads.js'

/** Takes the first `length` bytes of a buffer that the next chunk overwrites. */
export type SharedReader = { read(bytes: Buffer, length: number): void }

const buffer = Buffer.allocUnsafeSlow(READ_BYTES)

const READER = Symbol('reader')
declare module 'node:net' {
  interface Socket {
    /** The reader of the socket; null where its bytes are 'data'. */
    [READER]?: SharedReader | null
  }
}

/** So many sockets are accepted for each one that is made, while more come. */
const ACCEPTED_FIRST = 16

/** So many may wait to be made, and so long; past that the waiting ones come first. */
const MOST_WAITING = 16_384
const LONGEST_MS = 500

/** So many are made in a row. */
const SLICE = 64

/**
 * Makes a listening server accept sockets that can be read into the shared buffer. They have no delay, and are kept
 * alive after `keepAliveMs`. False for a server that is not as expected: then nothing changes.
 */
export function shareReads(server: Server, keepAliveMs: number): boolean {
  const listening: unknown = Reflect.get(server, '_handle')
  if (!isListening(listening) || typeof Reflect.get(server, '_connections') !== 'number') return false
  const acceptOther = listening.onconnection
  /** The sockets that wait, from index `next` on. */
  let queue: (Handle | undefined)[] = []
  let next = 0
  /** How many there are since one was made, and since the last look; and when the first of the queue came. */
  let accepted = 0
  let more = 0
  let since = 0

  listening.onconnection = function (error, handle) {
    if (error !== 0 || !isHandle(handle)) return acceptOther.call(this, error, handle)
    accepted++
    more++
    if (queue.push(handle) > 1) return
    since = performance.now()
    setImmediate(make)
  }

  /** Called each time after the system was asked for new connections. */
  function make(): void {
    const waiting = queue.length - next
    const isBurst = more > 0 && waiting < MOST_WAITING && performance.now() - since < LONGEST_MS
    if (isBurst && accepted < ACCEPTED_FIRST) {
      more = 0
      return void setImmediate(make)
    }
    // Twice as many as came, so that the queue becomes empty also while more come.
    const most = isBurst ? 1 : more > 0 ? 2 * more : SLICE
    accepted = more = 0
    for (const end = next + Math.min(waiting, most); next < end; next++) {
      const handle = queue[next]
      // A handle holds its socket, and that all bytes on their way to it. The queue itself lasts while more come.
      queue[next] = undefined
      if (handle !== undefined) enter(handle)
    }
    if (next === queue.length || next >= MOST_WAITING) {
      queue = queue.slice(next)
      next = 0
    }
    if (queue.length > 0) setImmediate(make)
  }

  function enter(handle: Handle): void {
    if (!server.listening) return handle.close()
    handle.setNoDelay(true)
    handle.setKeepAlive(true, Math.floor(keepAliveMs / 1000))
    const socket = socketOf(handle)
    // The server counts its sockets by this number, and waits for them when it closes.
    Reflect.set(server, '_connections', Number(Reflect.get(server, '_connections')) + 1)
    Reflect.set(socket, '_server', server)
    Reflect.set(socket, 'server', server)
    server.emit('connection', socket)
  }

  return true
}

function socketOf(handle: Handle): Socket {
  const socket = new Socket({ handle, readable: true, writable: true, allowHalfOpen: true, onread: ON_READ } as object)
  socket[READER] = null
  return socket
}

/** Node calls this as a method of the socket. */
const ON_READ = {
  buffer,
  callback(this: unknown, length: number): boolean {
    if (!(this instanceof Socket)) throw new TypeError('onread is not called as a method of the socket')
    const reader = this[READER]
    if (reader === null || reader === undefined) return this.push(Buffer.from(buffer.subarray(0, length)))
    reader.read(buffer, length)
    return true
  },
}

/** Lets `by` read a socket's bytes, or makes them 'data' again. False where they are always 'data'. */
export function readInto(socket: Socket, by: SharedReader | null): boolean {
  if (socket[READER] === undefined) return false
  socket[READER] = by
  return true
}

type OnConnection = (this: unknown, error: unknown, handle: unknown) => void

function isListening(handle: unknown): handle is { onconnection: OnConnection } {
  return hasMethods(handle, ['onconnection'])
}

type Handle = { close(): void; setNoDelay(on: boolean): unknown; setKeepAlive(on: boolean, seconds: number): unknown }

function isHandle(handle: unknown): handle is Handle {
  return hasMethods(handle, ['close', 'readStart', 'setKeepAlive', 'setNoDelay', 'useUserBuffer'])
}

function hasMethods(handle: unknown, names: readonly string[]): boolean {
  if (typeof handle !== 'object' || handle === null) return false
  return names.every((name) => typeof Reflect.get(handle, name) === 'function')
}
