// Programs that a test needs and a machine may lack. A test that cannot run says so, and what to install, in the last
// lines of `npm test` (skipped.ts). In `npm run test:all`, and where MINI_CHAT_TEST_ALL=1 is set, as in CI, it fails instead.

import { spawnSync } from 'node:child_process'
import { noteSkipped } from './skipped.js'

/** Is the program there? Throws under MINI_CHAT_TEST_ALL=1 where it is not. */
export function needs(program: string, packageName: string): boolean {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore', timeout: 10_000 })
  if (error === undefined || !('code' in error) || error.code !== 'ENOENT') return true
  return lacks(`${program} is missing: install it with \`apt-get install ${packageName}\``)
}

/** Something that a test needs is not there. The sentence says what, and how to get it. */
export function lacks(sentence: string): false {
  if (process.env['MINI_CHAT_TEST_ALL'] === '1') throw new Error(sentence)
  noteSkipped(sentence)
  return false
}
