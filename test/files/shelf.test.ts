// What the folder of files holds, and for how long, on a clock that a test holds.

import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Shelf, type ShelfOptions, UNSENT_MS } from '../../src/files/shelf.js'
import { systemRandom } from '../../src/platform.js'
import { FakeClock } from '../support/clock.js'
import { temporaryFolder } from '../support/journal.js'

async function open(given: Partial<ShelfOptions> = {}): Promise<{ shelf: Shelf; clock: FakeClock; folder: string }> {
  const clock = new FakeClock()
  const folder = given.folder ?? temporaryFolder()
  const log = { info: () => undefined, error: (_event: string, error: unknown) => expect.unreachable(String(error)) }
  const parts = { totalBytes: 1000, eachBytes: 100, keepMs: undefined, isLasting: true, random: systemRandom, log }
  const shelf = await Shelf.open({ ...parts, clock, ...given, folder })
  onTestFinished(() => shelf.close())
  return { shelf, clock, folder }
}

const upload = (shelf: Shelf, token = 'ada', bytes = 50) =>
  shelf.upload('lobby', 'plan', token, async (take) => take(Buffer.alloc(bytes)))

test('a file that is not sent is gone after ten minutes, and one that is sent with the time of --keep', async () => {
  const { shelf, clock, folder } = await open({ keepMs: 2 * UNSENT_MS })
  const [unsent, sent] = [await upload(shelf), await upload(shelf)]
  await shelf.mark(sent.id, true)
  clock.advance(UNSENT_MS + 1)
  await shelf.sweep()
  expect([await shelf.about(unsent.id), (await shelf.about(sent.id))?.file.id, shelf.bytes]).toEqual([
    undefined,
    sent.id,
    50,
  ])
  clock.advance(UNSENT_MS)
  await shelf.sweep()
  expect([shelf.size, shelf.bytes, readdirSync(folder)]).toEqual([0, 0, []])
})

test('a session keeps its newest ten that it has not sent', async () => {
  const { shelf } = await open()
  for (let i = 0; i < 13; i++) await upload(shelf)
  await upload(shelf, 'bob')
  expect(shelf.size).toBe(11)
})

test('what another server has put there is found, and what is not ours stays', async () => {
  const { shelf, folder } = await open()
  const other = await open({ folder })
  writeFileSync(join(folder, 'readme.txt'), 'ours')
  const file = await upload(other.shelf)
  expect(await shelf.find(file.id, 'lobby', 'ada')).toMatchObject({ file, isSent: false })
  expect(await shelf.find(file.id, 'lobby', 'bob')).toBeUndefined()
  expect((await shelf.read(file))?.length).toBe(50)
  await other.shelf.remove(file.id)
  expect(await shelf.read({ ...file, id: 'y'.repeat(22) })).toBeUndefined()
  await open({ folder, isLasting: false })
  expect(readdirSync(folder)).toEqual(['readme.txt'])
})

test('an upload that breaks off gives its room back', async () => {
  const { shelf, folder } = await open()
  const broken = shelf.upload('lobby', 'plan', 'ada', async (take) => {
    await take(Buffer.alloc(50))
    throw new Error('gone')
  })
  await expect(broken).rejects.toThrow('gone')
  expect([shelf.bytes, readdirSync(folder)]).toEqual([0, []])
})

test('a file that is asked for while it is removed does not come back', async () => {
  const { shelf, folder } = await open()
  const other = await open({ folder })
  for (let i = 0; i < 20; i++) {
    const { id } = await upload(shelf)
    // The other server knows nothing of it yet: it reads the note.
    const before = other.shelf.about(id)
    const removed = [shelf.remove(id), other.shelf.remove(id)]
    const during = [shelf.about(id), other.shelf.about(id)]
    await Promise.all([before, ...removed, ...during])
    expect([await shelf.about(id), await other.shelf.about(id)]).toEqual([undefined, undefined])
  }
  expect([shelf.bytes, other.shelf.bytes, readdirSync(folder)]).toEqual([0, 0, []])
})

test('a file that is removed while its message is sent leaves nothing behind', async () => {
  const { shelf, folder } = await open()
  for (let i = 0; i < 20; i++) {
    const { id } = await upload(shelf)
    await Promise.all([shelf.mark(id, true), shelf.remove(id)])
  }
  expect([shelf.size, shelf.bytes, readdirSync(folder)]).toEqual([0, 0, []])
})
