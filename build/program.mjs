// Copies what the compiler made of src/ into lib/: one file for one file, with its comments.
//
//     src/core/rooms/ring.ts  ──tsc──>  dist/src/core/rooms/ring.js  ──>  lib/core/rooms/ring.js
//
// The types of the two public files come along, with those of the files they import. The compiler leaves behind what it
// made of a file that is no more, so only what has a source is copied.

import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

const FROM = 'dist/src'
const PUBLIC = ['index.d.ts', 'client/index.d.ts']

mkdirSync('lib', { recursive: true })
for (const name of readdirSync('lib'))
  if (name !== 'static' && name !== 'inside-page') rmSync(join('lib', name), { recursive: true })
const made = readdirSync(FROM, { recursive: true, encoding: 'utf8' })
for (const file of made) if (file.endsWith('.js') && existsSync(join('src', sourceOf(file)))) copy(file)
for (const file of reachedFrom(PUBLIC)) copy(file)
chmodSync('lib/main.js', 0o755)

function sourceOf(file) {
  return file.replace(/\.js$/, '.ts')
}

function copy(file) {
  mkdirSync(dirname(join('lib', file)), { recursive: true })
  copyFileSync(join(FROM, file), join('lib', file))
}

/** These declarations, and all that they import. */
function reachedFrom(files) {
  const reached = new Set(files)
  for (const file of reached) {
    const text = readFileSync(join(FROM, file), 'utf8')
    for (const [, path] of text.matchAll(/(?:from |import\()['"](\..+?)\.js['"]/g))
      reached.add(join(dirname(file), `${path}.d.ts`))
  }
  return reached
}
