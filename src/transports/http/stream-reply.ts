// An answer that has no end yet: the head goes out at once, and after it whatever a route writes, as long as the
// connection lasts.
//
// It has no length and no chunks: it ends when the connection does. So the bytes are the same for a thousand readers,
// and go from one buffer straight into their sockets.

import type { IncomingMessage, ServerResponse } from 'node:http'

export type StreamWriter = {
  /** Writes. False when the socket is full: then `onDrain` is called once it has room. */
  write(bytes: Buffer | string): boolean
  /** Calls back, each time, when a full socket has room again. */
  onDrain(call: () => void): void
  /** Writes the last bytes, and closes. */
  end(bytes: string): void
  /** Closes at once, even if bytes are still on their way. */
  cut(): void
}

/** `open` is called with the writer, unless the connection has gone. */
export type StreamReply = {
  readonly status: number
  readonly headers: readonly string[]
  readonly open: (writer: StreamWriter) => void
}

export function openStream(
  incoming: IncomingMessage,
  response: ServerResponse,
  { status, headers, open }: StreamReply,
): void {
  const { socket } = incoming
  response.useChunkedEncodingByDefault = false
  response.writeHead(status, headers as string[])
  response.flushHeaders()
  // The stream looks after its connection. A timer that every write sets anew would cost a tenth of the write.
  socket.setTimeout(0)
  open({
    // Behind an answer that is still on its way, `response` has no socket yet, and keeps the bytes in order.
    write: (bytes) => (response.socket === null ? response.write(bytes) : socket.write(bytes)),
    onDrain: (call) => void socket.on('drain', call),
    end: (bytes) => void response.end(bytes),
    cut: () => void socket.destroy(),
  })
}
