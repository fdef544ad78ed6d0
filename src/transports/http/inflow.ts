// What a client sends to `node:http`, given to it in pieces of one request or few.
//
//     socket ── 64 KiB ──> pieces ── while fewer than 16 answers are owed ──> node:http
//                             └── else the rest waits in the socket, which is not read any further
//
// `node:http` takes each chunk of bytes whole, and 64 KiB hold more than two thousand requests of 18 bytes. Each of
// them becomes objects of about 4 kB, which stay until the answers before it were read: 10 MB a socket. A piece ends
// behind an empty line, where a head ends, so no more than a few requests come out of one; and what waits is not the
// first half of a head, whose time would run out.

import type { Socket } from 'node:net'
import type { Connection } from './connection.js'

/**
 * Bytes of a piece. Without a least, a body of empty lines would come in thousands of pieces; the most is for a body
 * without any.
 */
const PIECE = { least: 256, most: 8192 }
const EMPTY_LINE = '\r\n\r\n'
const NOTHING = Buffer.alloc(0)

/** Puts itself before the listener by which `node:http` reads a socket, once that is there. */
export function readInPieces(socket: Socket, connection: Connection): void {
  const toNode = socket.listeners('data')
  socket.removeAllListeners('data')
  socket.on('data', take)
  let rest: Buffer = NOTHING
  let isLeft = false
  connection.readBy({
    goOn: () => void socket.resume(),
    leave() {
      isLeft = true
      socket.off('data', take)
      return rest
    },
  })

  function take(chunk: Buffer): void {
    rest = chunk
    // What comes behind bytes that cannot be read, or behind a last answer, is thrown away.
    while (rest.length > 0 && !connection.isOver) {
      // `node:http` pauses a socket as well: until a body has been taken, or answers were read.
      if (socket.isPaused() || connection.isFull) return hold()
      const piece = rest.subarray(0, endOfPiece(rest))
      rest = rest.subarray(piece.length)
      for (const listener of toNode) listener.call(socket, piece)
      if (isLeft) return
    }
    // A view of no bytes would keep all those that it was cut from.
    rest = NOTHING
  }

  /** Puts back what cannot be taken now. It comes again when somebody resumes the socket. */
  function hold(): void {
    if (!socket.isPaused()) {
      socket.pause()
      connection.goOnWithRoom()
    }
    socket.unshift(rest)
  }
}

function endOfPiece(bytes: Buffer): number {
  const at = bytes.indexOf(EMPTY_LINE, PIECE.least)
  return Math.min(PIECE.most, at < 0 ? bytes.length : at + EMPTY_LINE.length)
}
