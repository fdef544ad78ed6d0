// The same hall as in `fanout`, on event streams instead of polls: no reader has to ask again.
//
// A stream comes in chunks (RFC 9112, section 7.1) or as it is, until the connection closes, and is read by lines
// (HTML, Server-Sent Events).

import { markOfMessage, statusOf } from '../answers.js'
import { Sender } from '../clients.js'
import { Connection, openAll, type Target } from '../http-connection.js'
import { Countdown, measured, repeat, type Scenario } from '../scenario.js'
import { Ear, type Mark, type Traffic } from '../traffic.js'
import { roundOf } from './round.js'

export function events(readers: number): Scenario {
  return {
    name: `events-${readers}`,
    title: `the same with ${readers.toLocaleString('en')} event streams`,
    unit: 'deliveries/s',
    better: 'more',
    sides: ['ours', 'nchan', 'reference'],
    sockets: readers + 1,
    async run(stage) {
      const { target, traffic, warmMs, measureMs } = stage
      const all = new Countdown()
      const opened = new Countdown()
      const statuses = new Set<number>()
      const onOpen = (status: number): void => {
        statuses.add(status)
        opened.tick()
      }
      const sender = new Sender(target, 0, traffic)
      const streams = Array.from({ length: readers }, () => streamFrom(target, traffic, onOpen, () => all.tick()))
      const [first] = streams
      if (first === undefined) return { skip: 'nobody reads' }
      const known = opened.start(1)
      await openAll([sender, first])
      first.request(target.dialect.events('hall'))
      await known
      if (statuses.has(404)) return { skip: 'the server has no /events' }
      const everyone = opened.start(readers - 1)
      await openAll(streams.slice(1))
      for (const stream of streams.slice(1)) stream.request(target.dialect.events('hall'))
      await everyone
      const round = roundOf(sender, all, readers)
      await repeat(warmMs, round)
      return measured(
        stage,
        () => repeat(measureMs, round),
        ({ seconds }) => traffic.delivered / seconds,
      )
    },
  }
}

/** A stream of the hall, to be asked for. `onOpen`: its head is here; `onMessage`: a message is. */
export function streamFrom(
  target: Target,
  traffic: Traffic,
  onOpen: (status: number) => void,
  onMessage: () => void,
  ear = new Ear(0, 1),
): Connection {
  let text = ''
  let isOpen = false
  let isChunked = false
  const takeText = (chunk: string): void => {
    text += chunk
    const end = text.lastIndexOf('\n\n')
    if (end < 0) return
    const now = performance.now()
    for (const mark of marksIn(text.slice(0, end))) {
      traffic.hear(ear, mark, now)
      onMessage()
    }
    text = text.slice(end + 2)
  }
  return new Connection(target, (bytes) => {
    let rest = bytes
    if (!isOpen) {
      const headEnd = rest.indexOf('\r\n\r\n')
      if (headEnd < 0) return rest
      const head = rest.toString('latin1', 0, headEnd)
      isOpen = true
      isChunked = /\r\ntransfer-encoding: *chunked/i.test(head)
      onOpen(statusOf(head))
      rest = rest.subarray(headEnd + 4)
    }
    if (isChunked) return takeChunks(rest, takeText)
    takeText(rest.toString('utf8'))
    return rest.subarray(rest.length)
  })
}

function takeChunks(bytes: Buffer, take: (text: string) => void): Buffer {
  let rest = bytes
  for (let lineEnd = rest.indexOf('\r\n'); lineEnd > 0; lineEnd = rest.indexOf('\r\n')) {
    const size = Number.parseInt(rest.toString('latin1', 0, lineEnd), 16)
    if (Number.isNaN(size)) throw new Error('a chunk of an event stream has no size: the stream was broken off')
    const end = lineEnd + 2 + size
    if (rest.length < end + 2) break
    take(rest.toString('utf8', lineEnd + 2, end))
    rest = rest.subarray(end + 2)
  }
  return rest
}

let lastEvents = ''
let lastMarks: Mark[] = []

/** The marks of whole events; the same text as last time is not parsed again. */
function marksIn(text: string): readonly Mark[] {
  if (text === lastEvents) return lastMarks
  const lines = text.split('\n').filter((line) => line.startsWith('data:'))
  lastMarks = lines.map((line) => markOfMessage(JSON.parse(line.slice('data:'.length))))
  lastEvents = text
  return lastMarks
}
