// Size: all that the page loads until a person has chatted, packed as the server packs it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { PACKAGE_ROOT } from '../../src/platform.js'

const MOST_BYTES = 25_000

test('the first sheet and the chat are loaded in few bytes, and what is rare comes later', () => {
  const files = ['index.html', 'static/icon.svg', 'static/page.css', ...scripts('static/theme.js', 'static/page.js')]
  files.push(...scripts('static/chat.js').filter((file) => !files.includes(file)))
  const bytes = files.reduce((sum, file) => sum + gzipSync(read(file), { level: 9 }).length, 0)
  process.stdout.write(`  ${files.length} files, ${bytes} bytes until somebody has chatted\n`)
  expect(files).toHaveLength(7)
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES)
})

test('what every page loads behind the chat comes in few files', () => {
  const first = scripts('static/theme.js', 'static/page.js', 'static/chat.js')
  const all = scripts('static/shortcuts.js', 'static/leader.js', 'static/behind.js', 'static/switcher.js')
  const behind = all.filter((file) => !first.includes(file))
  expect(behind).toHaveLength(6)
})

/** Scripts, with what they import before they run. */
function scripts(...files: string[]): string[] {
  const found = new Set(files)
  for (const file of found)
    for (const [, name = ''] of read(file).matchAll(/(?:from|^import)\s*"\.\/([\w-]+\.js)"/gm))
      found.add(`static/${name}`)
  return [...found]
}

function read(file: string): string {
  return readFileSync(join(PACKAGE_ROOT, 'lib/static', file.replace('static/', '')), 'utf8')
}
