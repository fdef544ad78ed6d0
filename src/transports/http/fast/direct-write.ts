// Gives short answers straight to the system.
//
//     bytes ──> the system ── takes all of them ──> through
//                          └─ takes a part ───────> the system's own queue has the rest
//
// `socket.write` makes a request, a record of what waits, and a call for later, so that the bytes can wait for their turn.
// But nearly always the system takes all bytes at once, and then all of that was for nothing: it costs a fifth of a
// delivery. Here a socket that holds nothing back is written to by its handle, as `net.Socket` does it in the end. One
// request is enough for all writes that go through at once: Node uses it only where bytes are left.
//
// This is not documented: `_handle` with its `writeBuffer` and `writeQueueSize`, and the class of its requests, which is
// learned from a write of Node's own. Where one of them is not as expected, and where `_write` has been replaced (the lab
// does so), `socket.write` is used. Node 26 makes a request only where bytes are left, so there is nothing to gain.

import { Socket } from 'node:net'

/** The handle of a socket, which writes without waiting. */
export type DirectHandle = { readonly writeQueueSize: number; writeBuffer(request: object, bytes: Buffer): number }

type RequestClass = new () => object

/** Undefined until it is learned; null where Node writes without one. */
let WriteRequest: RequestClass | null | undefined
/** A request that no write is using. */
let unused: object | undefined

/** The handle of a socket that can be written to directly; undefined where it has to be written to as usual. */
export function directHandle(socket: Socket): DirectHandle | undefined {
  const handle: unknown = Reflect.get(socket, '_handle')
  return isDirect(handle) && socket._write === Socket.prototype._write ? handle : undefined
}

/** Writes to a socket that holds nothing back. Is everything with the system now? */
export function writeDirectly(socket: Socket, handle: DirectHandle, bytes: Buffer): boolean {
  if (WriteRequest === undefined) learn(handle, () => socket.write(bytes))
  else if (WriteRequest === null) socket.write(bytes)
  else return give(socket, handle, bytes, (unused ??= new WriteRequest()))
  return socket.writableLength === 0
}

function give(socket: Socket, handle: DirectHandle, bytes: Buffer, request: object): boolean {
  if (handle.writeBuffer(request, bytes) !== 0) {
    // The peer is gone. There is nobody to tell: `close` follows.
    socket.destroy()
    return true
  }
  if (handle.writeQueueSize === 0) return true
  // The request is in use until the rest has gone out, and holds the bytes for so long.
  Object.assign(request, { bytes, oncomplete: ignore })
  unused = undefined
  return false
}

/** Remembers the class of the request that a write of Node's own makes. */
function learn(handle: DirectHandle, write: () => void): void {
  const writeBuffer = handle.writeBuffer.bind(handle)
  handle.writeBuffer = (request, chunk) => {
    // The first call alone: Node may try without a request, and make one for what is left.
    if (WriteRequest === undefined) WriteRequest = classOf(request)
    return writeBuffer(request, chunk)
  }
  write()
  Reflect.deleteProperty(handle, 'writeBuffer')
}

function classOf(request: unknown): RequestClass | null {
  return typeof request === 'object' && request !== null ? (request.constructor as RequestClass) : null
}

function ignore(): void {}

function isDirect(handle: unknown): handle is DirectHandle {
  if (typeof handle !== 'object' || handle === null) return false
  return (
    typeof Reflect.get(handle, 'writeBuffer') === 'function' &&
    typeof Reflect.get(handle, 'writeQueueSize') === 'number'
  )
}
