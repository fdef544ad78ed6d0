// Takes HTTP answers apart, so cheaply that the driver is not what is measured.
//
//     bytes ──> the same as the last answer? ── yes ──> what that one said
//                      └── no ──> head, Content-Length, JSON.parse
//
// A thousand readers of one room get the same bytes; comparing them is a hundred times cheaper than parsing, and
// proves as much. Every reader's answer is still looked at, every byte of it.

import { placeIn } from './dialects.js'
import { type Mark, markOf } from './traffic.js'

export type Answer = {
  readonly status: number
  /** The cursor to go on from; empty where the answer has none. */
  readonly next: string
  readonly marks: readonly Mark[]
  /** Bytes on the wire, head and body. */
  readonly size: number
}

const HEAD_END = '\r\n\r\n'

export class Answers {
  #last = Buffer.alloc(0)
  #answer: Answer | undefined

  /** The first answer in these bytes; undefined while it is not whole. Throws for what is no HTTP answer. */
  take(bytes: Buffer): Answer | undefined {
    const known = this.#answer
    if (known !== undefined && bytes.length >= known.size && this.#last.compare(bytes, 0, known.size) === 0)
      return known
    const headEnd = bytes.indexOf(HEAD_END)
    if (headEnd < 0) return undefined
    const head = bytes.toString('latin1', 0, headEnd)
    const size = headEnd + HEAD_END.length + lengthOf(head)
    if (bytes.length < size) return undefined
    const body = bytes.toString('utf8', headEnd + HEAD_END.length, size)
    const answer = { status: statusOf(head), size, ...contentOf(body, head) }
    this.#last = Buffer.from(bytes.subarray(0, size))
    this.#answer = answer
    return answer
  }
}

export function statusOf(head: string): number {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]
  if (status === undefined) throw new Error(`this is no HTTP/1.1 answer: ${JSON.stringify(head.slice(0, 80))}`)
  return Number(status)
}

function lengthOf(head: string): number {
  if (/\r\ntransfer-encoding:/i.test(head)) throw new Error('the driver reads answers with a Content-Length only')
  return Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
}

function contentOf(body: string, head: string): { next: string; marks: Mark[] } {
  if (/^\d/.test(body)) return packetsIn(body)
  // What nchan says to a sender is no JSON.
  if (!body.startsWith('{')) return { next: '', marks: [] }
  const value: unknown = JSON.parse(body)
  if (typeof value !== 'object' || value === null) throw new Error('the answer is no JSON object')
  const next = 'next' in value ? String(value.next) : placeIn(head)
  if ('username' in value) return { next, marks: [markOfMessage(value)] }
  const messages: readonly unknown[] = 'messages' in value && Array.isArray(value.messages) ? value.messages : []
  return { next, marks: messages.map(markOfMessage) }
}

/** Of Socket.IO's packets the first of a session names it, and those of events begin with 42. */
function packetsIn(body: string): { next: string; marks: Mark[] } {
  const packets = body.split('\u001E')
  const marks = packets
    .filter((packet) => packet.startsWith('42'))
    .map((packet) => {
      const event: unknown = JSON.parse(packet.slice(2))
      return markOfMessage(Array.isArray(event) ? event[1] : undefined)
    })
  return { next: /^0\{"sid":"([^"]+)"/.exec(body)?.[1] ?? '', marks }
}

export function markOfMessage(message: unknown): Mark {
  if (typeof message === 'object' && message !== null && 'username' in message && 'text' in message) {
    return markOf(String(message.username), String(message.text))
  }
  throw new Error('the answer has a message without username or text')
}
