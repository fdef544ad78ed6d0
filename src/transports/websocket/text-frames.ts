// Text frames of a WebSocket server (RFC 6455, section 5.2): each message whole, not masked, not compressed.
//
//     81 1f {"id":1,…}  81 7e 01 2c {"id":2,…}      one buffer for a thousand readers at one place
//
// Without compression `ws` writes each of its frames in one step, so a buffer that is written between two of them
// stands between them. A batch costs one write, instead of two for each message.

const TEXT = 0x81
const SHORT = 125
const LONG = 0xffff

/** The frames of several texts, one behind the other. */
export function textFrames(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const payload = Buffer.from(text)
      return [headOf(payload.length), payload]
    }),
  )
}

function headOf(length: number): Buffer {
  if (length <= SHORT) return Buffer.from([TEXT, length])
  const head = Buffer.alloc(length <= LONG ? 4 : 10)
  head[0] = TEXT
  head[1] = length <= LONG ? 126 : 127
  head.writeUIntBE(length, length <= LONG ? 2 : 4, length <= LONG ? 2 : 6)
  return head
}
