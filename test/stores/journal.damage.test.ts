import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/core/rooms/message.js'
import { exportLines } from '../../src/stores/journal/lines.js'
import { endOfRecord } from '../../src/stores/journal/record.js'
import { repairFolder } from '../../src/stores/journal/repair.js'
import { RESERVE_BYTES } from '../../src/stores/journal/segment-writer.js'
import { codeOf } from '../support/chat.js'
import { journalIn, reread, segmentsIn, quickFolder } from '../support/journal.js'
import { draft } from './contract.js'

const FIRST = '00000001.log'

/** A folder with messages, each a record of its own group; with `rotate`, over several segments. */
async function filled(
  count: number,
  given: { keepBytes?: number } = {},
): Promise<{ folder: string; messages: Message[] }> {
  const folder = quickFolder()
  const journal = await journalIn(folder, given)
  const messages: Message[] = []
  for (let i = 1; i <= count; i++) messages.push((await journal.append('lobby', draft(`text ${i}`))).message)
  await journal.close()
  return { folder, messages }
}

/** Where each record of a segment begins, and at last where the segment ends. */
function offsetsOf(bytes: Buffer): number[] {
  const offsets = [0]
  for (let end = endOfRecord(bytes, 0, bytes.length); end > 0; end = endOfRecord(bytes, end, bytes.length))
    offsets.push(end)
  return offsets
}

/** Two more messages and a restart: everything there is, and nothing else, is read back. */
async function goesOn(folder: string, expected: readonly Message[]): Promise<void> {
  const journal = await journalIn(folder)
  const two: Message[] = []
  for (const text of ['more', 'and more']) two.push((await journal.append('lobby', draft(text))).message)
  await journal.close()
  const { messages, said } = await reread(folder)
  expect(messages).toEqual([...expected, ...two])
  expect(said).toEqual([])
}

/** What was set aside, of which this tells. */
function tornIn(sentence: unknown): Buffer {
  return readFileSync(/kept in (.*)$/.exec(String(sentence))?.[1] ?? 'nowhere')
}

describe('a torn tail', () => {
  test('at every byte of the last three records takes no whole message, is kept beside, and is said', async () => {
    const { folder, messages } = await filled(6)
    const whole = readFileSync(join(folder, FIRST))
    const offsets = offsetsOf(whole)
    for (let cut = offsets.at(-4) ?? 0; cut <= whole.length; cut++) {
      const copy = quickFolder()
      writeFileSync(join(copy, FIRST), whole.subarray(0, cut))
      const end = offsets.findLast((offset) => offset <= cut) ?? 0
      // The first record of a segment is no message.
      const left = messages.slice(0, offsets.indexOf(end) - 1)
      const { messages: kept, said } = await reread(copy)
      expect(kept).toEqual(left)
      expect(said.map(({ event }) => event)).toEqual(cut === end ? [] : ['torn_tail'])
      for (const { error } of said) expect(tornIn(error)).toEqual(whole.subarray(end, cut))
      await goesOn(copy, left)
    }
  }, 60_000)

  test('of nothing but zeros is none: they are the room for what comes next', async () => {
    const { folder, messages } = await filled(3)
    appendFileSync(join(folder, FIRST), Buffer.alloc(RESERVE_BYTES))
    expect(repairFolder(folder, 1)).toEqual([])
    expect(await reread(folder)).toMatchObject({ messages, said: [] })
    await goesOn(folder, messages)
  })

  test('of more zeros than are ever written there is one, and is said', async () => {
    const { folder, messages } = await filled(3)
    appendFileSync(join(folder, FIRST), Buffer.alloc(RESERVE_BYTES + 1))
    expect(await reread(folder)).toMatchObject({
      messages,
      said: [{ event: 'torn_tail', error: expect.stringMatching(/ last 16385 bytes: they are zeros/) }],
    })
    await goesOn(folder, messages)
  })

  test('with zeros in it, as a power cut leaves it, is one', async () => {
    const { folder, messages } = await filled(3)
    appendFileSync(join(folder, FIRST), Buffer.concat([Buffer.alloc(4000), Buffer.alloc(1000, 7)]))
    expect((await reread(folder)).said).toMatchObject([
      { event: 'torn_tail', error: expect.stringMatching(/ last 5000 bytes/) },
    ])
    await goesOn(folder, messages)
  })

  test('in the middle of one group, whose later part reached the disk first, is one too', async () => {
    const { folder, messages } = await filled(3)
    const journal = await journalIn(folder, { sync: 'always' })
    await Promise.all(['a', 'b', 'c'].map((text) => journal.append('lobby', draft(text))))
    await journal.close()
    const path = join(folder, FIRST)
    const bytes = readFileSync(path)
    const group = offsetsOf(bytes)[4] ?? 0
    writeFileSync(path, bytes.fill(0, group, group + 20))
    expect((await reread(folder)).said).toMatchObject([
      { event: 'torn_tail', error: expect.stringContaining(` ${bytes.length - group} bytes`) },
    ])
    await goesOn(folder, messages)
  })
})

describe('a flipped bit', () => {
  test('of any place in a record stops the start, and after the repair every other message is there', async () => {
    const folder = quickFolder()
    const journal = await journalIn(folder, { sync: 'always' })
    const messages: Message[] = []
    for (let i = 1; i <= 5; i++) messages.push((await journal.append('lobby', draft(`text ${i}`))).message)
    await journal.close()
    const whole = readFileSync(join(folder, FIRST))
    const [start = 0, end = 0] = offsetsOf(whole).slice(3, 5)
    const others = messages.filter(({ id }) => id !== 3)
    for (let bit = 8 * start; bit < 8 * end; bit++) {
      const bytes = Buffer.from(whole)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const copy = quickFolder()
      writeFileSync(join(copy, FIRST), bytes)
      await expect(journalIn(copy)).rejects.toThrow(`${join(copy, FIRST)} is damaged at byte ${start} `)
      expect(readFileSync(join(copy, FIRST))).toEqual(bytes)
      expect(repairFolder(copy, 1)).toMatchObject([{ holes: [{ offset: start, bytes: end - start }] }])
      expect(readFileSync(join(copy, `${FIRST}.damaged-1`))).toEqual(bytes)
      await goesOn(copy, others)
    }
  }, 60_000)

  test('in the last record takes that one alone, and it is kept beside', async () => {
    const { folder, messages } = await filled(5)
    const whole = readFileSync(join(folder, FIRST))
    const start = offsetsOf(whole).at(-2) ?? 0
    for (let at = start; at < whole.length; at++) {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
      const copy = quickFolder()
      writeFileSync(join(copy, FIRST), bytes)
      const { messages: kept, said } = await reread(copy)
      expect(kept).toEqual(messages.slice(0, -1))
      expect(said).toMatchObject([
        { event: 'torn_tail', error: expect.stringContaining(` ${whole.length - start} bytes`) },
      ])
      await goesOn(copy, messages.slice(0, -1))
    }
  }, 60_000)
})

describe('damage between segments', () => {
  const KEEP = { keepBytes: 65_536 }

  async function manySegments(): Promise<{ folder: string; messages: Message[]; names: string[] }> {
    const { folder, messages } = await filled(100, KEEP)
    const names = segmentsIn(folder)
    expect(names.length).toBeGreaterThan(3)
    return { folder, messages, names }
  }

  test('a segment that is missing is missed, and a repair goes on without it', async () => {
    const { folder, messages, names } = await manySegments()
    rmSync(join(folder, names[1] ?? ''))
    await expect(journalIn(folder)).rejects.toThrow(
      /00000003\.log is damaged at byte 0 \(the segment before it is missing, .*mini-chat repair/,
    )
    repairFolder(folder, 1)
    const kept = (await reread(folder)).messages
    expect(kept.length).toBeLessThan(messages.length)
    expect(kept).toEqual(messages.filter(({ id }) => kept.some((one) => one.id === id)))
    await goesOn(folder, kept)
  })

  test('a segment that was cut between two records is missed, although every record is whole', async () => {
    const { folder, messages, names } = await manySegments()
    const path = join(folder, names[1] ?? '')
    truncateSync(path, offsetsOf(readFileSync(path)).at(-2) ?? 0)
    await expect(journalIn(folder)).rejects.toThrow(/00000003\.log is damaged at byte 0/)
    repairFolder(folder, 1)
    const kept = (await reread(folder)).messages
    expect(kept.length).toBe(messages.length - 1)
    await goesOn(folder, kept)
  })

  test.each([
    ['zeroed', (path: string, size: number): void => writeFileSync(path, Buffer.alloc(size))],
    ['emptied', (path: string): void => truncateSync(path, 0)],
  ])('a last segment that was %s is missed, and a repair gives none of its ids again', async (_, damage) => {
    const { folder, messages, names } = await manySegments()
    const path = join(folder, names.at(-1) ?? '')
    const lost = offsetsOf(readFileSync(path)).length - 2
    damage(path, readFileSync(path).length)
    await expect(journalIn(folder)).rejects.toThrow(`${path} is damaged at byte 0 (`)
    expect(() => [...exportLines(folder, undefined)]).toThrow(`${path} is damaged at byte 0 (`)
    expect(repairFolder(folder, 1)).toMatchObject([{ path, holes: [{ offset: 0 }] }])
    expect(repairFolder(folder, 2)).toEqual([])
    const { messages: kept, said } = await reread(folder)
    expect(kept).toEqual(messages.slice(0, -lost))
    expect(said).toEqual([])
    const journal = await journalIn(folder)
    expect((await journal.append('lobby', draft('more'))).message.id).toBeGreaterThan(messages.length)
  })

  test('a segment that is empty and alone is a server’s that had only just begun', async () => {
    const folder = quickFolder()
    writeFileSync(join(folder, FIRST), '')
    expect(repairFolder(folder, 1)).toEqual([])
    await goesOn(folder, [])
  })

  test('every byte of a segment’s first record that is wrong is found, and repaired without loss', async () => {
    const { folder, messages, names } = await manySegments()
    const path = join(folder, names[1] ?? '')
    const whole = readFileSync(path)
    for (let at = 0; at < (offsetsOf(whole)[1] ?? 0); at++) {
      const copy = quickFolder()
      cpSync(folder, copy, { recursive: true })
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] ?? 0) ^ 1
      writeFileSync(join(copy, names[1] ?? ''), bytes)
      await expect(journalIn(copy)).rejects.toMatchObject({ code: 'unavailable' })
      repairFolder(copy, 1)
      expect((await reread(copy)).messages).toEqual(messages)
    }
  })
})

describe('a repair', () => {
  test('of a whole journal changes nothing', async () => {
    const { folder } = await filled(5)
    const before = readFileSync(join(folder, FIRST))
    expect(repairFolder(folder, 1)).toEqual([])
    expect([readdirSync(folder), readFileSync(join(folder, FIRST))]).toEqual([[FIRST], before])
  })

  test('never gives the ids of lost messages to new ones', async () => {
    const { folder } = await filled(5)
    const path = join(folder, FIRST)
    const bytes = readFileSync(path)
    const journal = await journalIn(folder)
    await journal.append('den', draft('behind it', 'den'))
    await journal.close()
    const longer = readFileSync(path)
    longer.fill(0, offsetsOf(bytes).at(-2), bytes.length)
    // What lies behind it was written when it was on the disk.
    writeFileSync(path, longer)
    expect(await codeOf(() => journalIn(folder))).toBe('unavailable')
    repairFolder(folder, 1)
    const again = await journalIn(folder)
    const { message: next } = await again.append('lobby', draft('next'))
    expect(next.id).toBeGreaterThan(5)
    const { recent } = await again.subscribe('lobby', () => undefined)
    expect(recent).toEqual([next])
    expect((await again.read('lobby', { limit: 9 })).messages.map(({ id }) => id)).toEqual([1, 2, 3, 4, next.id])
    await again.close()
    expect((await reread(folder)).messages.at(-1)).toEqual(next)
  })

  test('leaves a journal of a later version alone', async () => {
    const { folder } = await filled(1)
    const other = quickFolder()
    const { writeRecord } = await import('../../src/stores/journal/record.js')
    const bytes = Buffer.alloc(100)
    writeFileSync(join(other, FIRST), bytes.subarray(0, writeRecord(bytes, 0, '{"journal":2}', 0)))
    for (const open of [() => journalIn(other), async () => repairFolder(other, 1)])
      await expect(open()).rejects.toThrow(/later version/)
    expect(segmentsIn(folder)).toEqual([FIRST])
  })
})
