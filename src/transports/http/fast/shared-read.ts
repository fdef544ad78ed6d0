// Reads all sockets of the fast path into one buffer.
//
//     socket ── n bytes ──> the shared buffer ──> reader(buffer, n)      what a reader keeps of it, it copies
//        └── no reader any more ──> a copy ──> 'data'                    like every other socket
//
// By itself Node reads each chunk into 64 KiB of its own and then cuts them down, which costs 2 of a poll's 14 µs.
// `net.Socket` has the option `onread` for a buffer that stays. But a server makes its sockets itself and does not pass
// that option on. So the handle of a socket that was accepted is given to another socket, which has it. That is not
// documented: `_handle`, `_server` and the option `handle` are Node's own. Where one of them is not what is expected, the
// socket that was accepted is used, and read by its 'data' events.

import { Socket } from 'node:net'

/** Takes what was read: the first `length` bytes of a buffer that the next chunk overwrites. */
export type ReadInto = (bytes: Buffer, length: number) => void

const BYTES = 64 * 1024
const buffer = Buffer.allocUnsafeSlow(BYTES)

/** Who reads a socket; undefined where its bytes are 'data'. */
type Reading = { by: ReadInto | undefined }

const READING = Symbol('reading')
declare module 'node:net' {
  interface Socket {
    [READING]?: Reading
  }
}

/** The socket to use in place of one that has just been accepted and has no listeners: it can be read into the shared buffer. */
export function shareReading(accepted: Socket): Socket {
  const handle: unknown = Reflect.get(accepted, '_handle')
  const server: unknown = Reflect.get(accepted, '_server')
  if (!isHandle(handle) || typeof server !== 'object' || server === null) return accepted
  // `net.Server` has begun to read it already.
  handle.readStop()
  handle.reading = false
  Reflect.set(accepted, '_handle', null)
  Reflect.set(accepted, '_server', null)
  const reading: Reading = { by: undefined }
  const options = {
    handle,
    readable: true,
    writable: true,
    allowHalfOpen: accepted.allowHalfOpen,
    onread: {
      buffer,
      callback(length: number): boolean {
        if (reading.by === undefined) return socket.push(Buffer.from(buffer.subarray(0, length)))
        reading.by(buffer, length)
        return true
      },
    },
  }
  const socket: Socket = new Socket(options)
  socket[READING] = reading
  // The server counts its sockets by this, and waits for them when it closes.
  Reflect.set(socket, '_server', server)
  Reflect.set(socket, 'server', server)
  return socket
}

/** Has a socket's bytes read by `by`, or given as 'data' again. False where they are 'data' in any case. */
export function readInto(socket: Socket, by: ReadInto | undefined): boolean {
  const reading = socket[READING]
  if (reading === undefined) return false
  reading.by = by
  return true
}

type Handle = { reading: boolean; readStop(): unknown }

function isHandle(value: unknown): value is Handle {
  return (
    typeof value === 'object' &&
    value !== null &&
    'reading' in value &&
    'readStop' in value &&
    typeof value.readStop === 'function' &&
    'useUserBuffer' in value &&
    typeof value.useUserBuffer === 'function'
  )
}
