// Gives a client's bytes to `node:http` in pieces of one request or a few.
//
//     socket ──  8 KiB ──> in turn? ──> pieces ── while fewer than 16 answers are owed ──> node:http
//                             └───────────┴── otherwise the rest waits in the socket, which is not read any further
//
// `node:http` takes each chunk of bytes whole, and 64 KiB hold more than two thousand requests of 18 bytes. Each of
// them becomes objects of about 4 kB, which stay until the answers before it are read: 10 MB a socket. A piece ends
// behind an empty line, where a head ends. So only a few requests come out of one piece, and the bytes that wait are
// not the first half of a head, whose time would run out.
//
// Where sockets are read into one buffer (fast/shared-read.ts), the pieces are parts of it: `node:http` copies what
// it keeps of them.

import type { Socket } from 'node:net'
import type { Connection } from './connection.js'
import { readInto } from './fast/shared-read.js'
import type { LargeReads } from './large-reads.js'

/**
 * The bytes of a piece. Without the lower limit, a body of empty lines would come in thousands of pieces. The upper
 * limit is for a body without empty lines.
 */
const PIECE = { least: 256, most: 8192 }
const EMPTY_LINE = '\r\n\r\n'
const NOTHING = Buffer.alloc(0)

/** Puts itself before the listener by which `node:http` reads a socket. */
export function readInPieces(socket: Socket, connection: Connection, largeReads: LargeReads): void {
  const toNode = socket.listeners('data')
  socket.removeAllListeners('data')
  let rest: Buffer = NOTHING
  /** Does the next read overwrite the rest? */
  let isShared = false
  let isLeft = false
  const place = largeReads.enter(() => void socket.resume())
  readInto(socket, { read: (bytes, length) => take(bytes.subarray(0, length), true) })
  socket.on('data', onData)
  connection.onClose(() => largeReads.leave(place))
  connection.readBy({
    goOn: () => void socket.resume(),
    leave() {
      isLeft = true
      largeReads.leave(place)
      readInto(socket, null)
      socket.off('data', onData)
      return isShared ? Buffer.from(rest) : rest
    },
  })

  function onData(chunk: Buffer): void {
    take(chunk, false)
  }

  function take(chunk: Buffer, shared: boolean): void {
    rest = chunk
    isShared = shared
    // Bytes behind bytes that cannot be read, or behind a last answer, are thrown away.
    if (connection.isOver) return connection.takeBehind(chunk)
    if (!largeReads.takes(place, chunk.length)) return hold()
    const started = performance.now()
    give()
    largeReads.took(place, chunk.length, performance.now() - started)
  }

  /** Gives what there is to `node:http`, as far as it takes it. */
  function give(): void {
    while (rest.length > 0 && !connection.isOver) {
      // `node:http` pauses a socket too: until a body has been taken, or answers were read.
      if (socket.isPaused()) return hold()
      if (connection.isFull) {
        connection.goOnWithRoom()
        return hold()
      }
      const piece = rest.subarray(0, endOfPiece(rest))
      rest = rest.subarray(piece.length)
      for (const listener of toNode) listener.call(socket, piece)
      if (isLeft) return
    }
    // An empty view of a buffer would keep the whole buffer in memory.
    rest = NOTHING
  }

  /** Puts back the bytes that cannot be taken now. They come again when the socket is resumed. */
  function hold(): void {
    if (!socket.isPaused()) socket.pause()
    socket.unshift(isShared ? Buffer.from(rest) : rest)
    rest = NOTHING
  }
}

function endOfPiece(bytes: Buffer): number {
  const at = bytes.indexOf(EMPTY_LINE, PIECE.least)
  return Math.min(PIECE.most, at < 0 ? bytes.length : at + EMPTY_LINE.length)
}
