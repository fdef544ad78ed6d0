// Programs that a test needs and a machine may lack. A test that cannot run says so, and what to install; where
// MINI_CHAT_TEST_ALL=1 is set, as in CI, it fails instead.

import { spawnSync } from 'node:child_process'

/** Is the program there? Says loudly what to install where it is not; throws under MINI_CHAT_TEST_ALL=1. */
export function needs(program: string, packageName: string): boolean {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore', timeout: 10_000 })
  if (error === undefined || !('code' in error) || error.code !== 'ENOENT') return true
  const sentence = `${program} is missing: install it with \`apt-get install ${packageName}\``
  if (process.env['MINI_CHAT_TEST_ALL'] === '1') throw new Error(sentence)
  process.stderr.write(`\n  SKIPPED  ${sentence}\n\n`)
  return false
}
