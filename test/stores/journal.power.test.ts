import { expect, test } from 'vitest'
import { cutPower } from '../power.js'
import { PowerDisk, type Waiting } from '../support/powerdisk.js'
import { needs } from '../support/needs.js'
import { chanceFrom } from '../support/random.js'
import { MEASURES } from '../support/retried.js'

/** `npm run torture -- --power` cuts 3,000 times; MINI_CHAT_CUTS says how often this does. */
const CUTS = Number(process.env['MINI_CHAT_CUTS'] ?? 60)

// `everysec` is a time: where the machine stands still for seconds, what was said meanwhile is not on the disk either.
test(
  'a power cut at any moment takes nothing that was promised, whatever of the rest is on the disk (every --sync)',
  { timeout: 60_000 + CUTS * 500, ...MEASURES },
  async () => {
    if (!needs('strace', 'strace')) return
    const { cuts, acknowledged, refused, lost, changed, disorder, faults } = await cutPower({ cuts: CUTS, seed: 1 })
    expect({ refused, lost, changed, disorder, faults }).toEqual({
      refused: 0,
      lost: 0,
      changed: 0,
      disorder: 0,
      faults: [],
    })
    expect([cuts >= CUTS, acknowledged > 200]).toEqual([true, true])
  },
)

/** Everything that a disk may hold after a power cut, by many of them. */
function outcomes(disk: PowerDisk): Set<string> {
  const chance = chanceFrom(1)
  const seen = new Set<string>()
  for (let i = 0; i < 500; i++)
    seen.add(
      [...disk.cut(chance)].map(([name, bytes]) => `${name}=${bytes.toString().replaceAll('\0', '.')}`).join(' '),
    )
  return seen
}

const done = (waiting: Waiting): void => void (waiting.isDone = true)

test('the disk of these tests keeps what was synced, and of the rest anything', () => {
  const disk = new PowerDisk()
  done(disk.create('a'))
  done(disk.write('a', 0, Buffer.from('one ')))
  expect(outcomes(disk)).toEqual(new Set(['', 'a=', 'a=one ', 'a=....']))
  const [syncFile, syncFolder] = [disk.syncFile('a'), disk.syncFolder()]
  const late = disk.write('a', 4, Buffer.from('two '))
  syncFile()
  syncFolder()
  done(late)
  done(disk.write('a', 8, Buffer.from('three')))
  const all = ['', 'two ', '....', 'two three', '....three', 'two .....', '.........'].map((rest) => `a=one ${rest}`)
  expect(outcomes(disk)).toEqual(new Set(all))
  done(disk.rename('a', 'b'))
  expect([...outcomes(disk)].every((names) => /^[ab]=one [^=]*$/.test(names))).toBe(true)
})
