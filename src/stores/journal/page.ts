// Reads messages by their positions. Neighbours are fetched with one read: a room that talks alone lies in one piece,
// and a page of it is one read. In a busy house its messages lie apart, and are fetched one by one.

import { close, open, read } from 'node:fs'
import { promisify } from 'node:util'
import { ChatError } from '../../core/errors.js'
import type { Message } from '../../core/rooms/message.js'
import { segmentPath, SPAN } from './folder.js'
import { endOfRecord, HEAD_BYTES, MAX_BODY_BYTES, messageOf } from './record.js'

/** Records that are no further apart than this are fetched together. */
const NEAR_BYTES = 16 * 1024

/** Most records are shorter than this. Of a longer one the rest is fetched as well. */
const GUESS_BYTES = 2 * 1024

/** How many reads of one page may be under way. */
const READS = 16

const openFile = promisify(open)
const closeFile = promisify(close)
const readFile = promisify(read)

type Run = { readonly number: number; readonly from: number; to: number; readonly offsets: number[] }

/** The messages at these positions, in ascending order. Rejects with `unavailable` where the disk gives other bytes. */
export async function readPage(folder: string, positions: readonly number[]): Promise<Message[]> {
  const runs = runsOf(positions)
  const messages: Message[] = []
  for (let i = 0; i < runs.length;) {
    const number = runs[i]?.number ?? 0
    const fd = await openFile(segmentPath(folder, number), 'r')
    try {
      for (; runs[i]?.number === number; i += READS) {
        const some = runs.slice(i, i + READS).filter((run) => run.number === number)
        for (const part of await Promise.all(some.map((run) => readRun(fd, run)))) messages.push(...part)
        i -= READS - some.length
      }
    } finally {
      await closeFile(fd)
    }
  }
  return messages
}

async function readRun(fd: number, { from, to, offsets }: Run): Promise<Message[]> {
  let bytes = await readBytes(fd, from, to - from + GUESS_BYTES)
  const messages: Message[] = []
  for (const offset of offsets) {
    let end = endOfRecord(bytes, offset - from, bytes.length)
    if (end === 0) {
      bytes = await readBytes(fd, from, to - from + HEAD_BYTES + MAX_BODY_BYTES)
      end = endOfRecord(bytes, offset - from, bytes.length)
    }
    if (end <= 0)
      throw new ChatError('unavailable', 'this part of the past cannot be read: the server’s disk has damaged it')
    messages.push(messageOf(bytes, offset - from, end))
  }
  return messages
}

async function readBytes(fd: number, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let held = 0
  while (held < length) {
    const { bytesRead } = await readFile(fd, buffer, held, length - held, position + held)
    if (bytesRead === 0) break
    held += bytesRead
  }
  return buffer.subarray(0, held)
}

function runsOf(positions: readonly number[]): Run[] {
  const runs: Run[] = []
  for (const position of positions) {
    const number = Math.floor(position / SPAN)
    const offset = position % SPAN
    const run = runs.at(-1)
    if (run !== undefined && run.number === number && offset - run.to <= NEAR_BYTES) {
      run.to = offset
      run.offsets.push(offset)
    } else {
      runs.push({ number, from: offset, to: offset, offsets: [offset] })
    }
  }
  return runs
}
