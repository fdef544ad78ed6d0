// Builds the parts of lib/ that are older than what they are made of: `npm start` waits for a build only after an edit.

import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const COMPILER = compilerFile()

// Installed without the packages that build it, as with `npm ci --omit=dev`: what is there has to do.
if (COMPILER !== undefined) {
  make('lib/main.js', ['src', 'build', 'tsconfig.base.json'], [COMPILER, '-b', 'src'], ['build/program.mjs'])
  make('lib/static/index.html', ['static', 'src/core', 'src/client', 'build'], ['build/page.mjs'])
}

/** Makes a file, and what is made with it, if a source is newer. `steps`: arguments of Node. */
function make(file, sources, ...steps) {
  if (changedAt(file) > Math.max(...sources.map(newestIn))) return
  for (const step of steps) if (spawnSync(process.execPath, step, { stdio: 'inherit' }).status !== 0) process.exit(1)
}

function compilerFile() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  } catch {
    return undefined
  }
}

/** When a file, or anything in a folder, was changed last. A folder changes when a file is taken out of it. */
function newestIn(path) {
  const inside = statSync(path).isDirectory() ? readdirSync(path).map((name) => newestIn(join(path, name))) : []
  return Math.max(changedAt(path), ...inside)
}

/** In milliseconds; 0 for a file that is not there. */
function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
