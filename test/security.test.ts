// SECURITY.md names a test for each hazard, and docs/scaling.md for each failure. What they name has to be there.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PACKAGE_ROOT } from '../src/platform.js'

const table = readFileSync(join(PACKAGE_ROOT, 'SECURITY.md'), 'utf8')
const rows = rowsOf(table)
const scaling = readFileSync(join(PACKAGE_ROOT, 'docs/scaling.md'), 'utf8')
const failures = scaling.split('\n## ').find((section) => section.startsWith('What happens')) ?? ''

function rowsOf(text: string): (readonly [file: string, name: string])[] {
  return [...text.matchAll(/^\|.*\| `([\w./-]+(?:\.test|\/contract)\.ts)`: (.+) \|$/gm)].map(
    ([, file = '', name = '']) => [file, name.trim()] as const,
  )
}

test('every hazard of SECURITY.md has its test', () => {
  const hazards = table.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:hazard |-+ )/.test(line))
  expect(rows).toHaveLength(hazards.length)
  expect(rows.length).toBeGreaterThan(20)
})

test('every failure of docs/scaling.md has its test', () => {
  const told = failures.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:what |-+ )/.test(line))
  expect(rowsOf(failures)).toHaveLength(told.length)
  expect(told.length).toBeGreaterThan(10)
})

test.each([...rows, ...rowsOf(failures)])('%s: %s', (file, name) => {
  const path = join(PACKAGE_ROOT, 'test', file)
  expect(existsSync(path)).toBe(true)
  expect(readFileSync(path, 'utf8').includes(name)).toBe(true)
})
