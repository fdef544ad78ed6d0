// The drawing of the README is made from a running server, and says what was recorded.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { PACKAGE_ROOT } from '../src/platform.js'
import { temporaryFolder } from './support/journal.js'

type Recording = {
  readonly id: number
  readonly ring: number
  readonly readers: readonly { readonly name: string; readonly told: number; readonly parked: number }[]
}

test('the drawing is well-formed, and each number in it was recorded', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder()
  await promisify(execFile)(process.execPath, ['build/drawing.mjs', '--out', folder], { cwd: PACKAGE_ROOT })
  const { id, ring, readers }: Recording = JSON.parse(readFileSync(join(folder, 'drawing.json'), 'utf8'))
  expect(readers).toHaveLength(16)
  for (const { told, parked } of readers) {
    expect(told).toBeGreaterThan(ring)
    expect(parked).toBeGreaterThan(told)
  }
  for (const name of ['light', 'dark']) {
    const svg = readFileSync(join(folder, `drawing-${name}.svg`), 'utf8')
    expect(tagsLeftOpen(svg)).toEqual([])
    const words = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) => text)
    const shown = readers.flatMap((reader) => [reader.name, `${reader.told.toFixed(2)} ms`])
    expect(words).toEqual(expect.arrayContaining([...shown, `${ring.toFixed(2)} ms`, `message ${id} of Eve`]))
    const last = Math.max(...readers.map(({ told }) => told))
    expect(words).toContain(`16 parked polls answered within ${last.toFixed(2)} ms`)
    // One mark for the ring, and for each reader one where it is answered and one where it is parked again.
    expect(svg.match(/stroke-width="2.5"/g)).toHaveLength(1 + 2 * readers.length)
  }
})

test.each(['light', 'dark'])('the README has a drawing that is well-formed: %s', (name) => {
  const svg = readFileSync(join(PACKAGE_ROOT, `docs/drawing-${name}.svg`), 'utf8')
  expect(tagsLeftOpen(svg)).toEqual([])
  expect(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true)
  expect(readFileSync(join(PACKAGE_ROOT, 'README.md'), 'utf8')).toContain(`docs/drawing-${name}.svg`)
})

/** What is open, or closed and was not open, in the order of the text; and a bare `&`. */
function tagsLeftOpen(svg: string): string[] {
  const open: string[] = []
  const wrong: string[] = svg.match(/&(?!(?:amp|lt|quot);)/g) ?? []
  for (const [, close, tag = '', single] of svg.matchAll(/<(\/?)(\w+)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (close === '/' && open.at(-1) === tag) open.pop()
    else if (close === '/') wrong.push(`/${tag}`)
    else if (single !== '/') open.push(tag)
  }
  // Each `<` begins a tag that was read.
  const tags = svg.match(/<(\/?)(\w+)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g) ?? []
  if (tags.length !== svg.split('<').length - 1) wrong.push('<')
  return [...open, ...wrong]
}
