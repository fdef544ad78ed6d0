// Reports skipped tests in the last lines of a run. Each file of tests runs in a process of its own, so all of them
// write into one file, which is read at the end, behind the summary.
//
//     setup ─> a file, named in the environment ─> a line a skip, from each process ─> teardown prints and deletes it

import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { expect } from 'vitest'

const VARIABLE = 'MINI_CHAT_SKIPPED'

/** Remembers that the tests of the file that runs are skipped, and why. */
export function noteSkipped(sentence: string): void {
  const file = process.env[VARIABLE]
  const line = `${JSON.stringify([sentence, relative('.', expect.getState().testPath ?? '')])}\n`
  if (file !== undefined) appendFileSync(file, line)
}

/** For vitest: runs once before all tests. Returns what runs behind them. */
export default function setup(): (() => void) | undefined {
  // Each project of vitest.config.ts asks; the first one does it for all.
  if (process.env[VARIABLE] !== undefined) return undefined
  const file = (process.env[VARIABLE] = join(mkdtempSync(join(tmpdir(), 'mini-chat-skipped-')), 'skipped'))
  return () => {
    if (existsSync(file)) process.stdout.write(summaryOf(readFileSync(file, 'utf8')))
    rmSync(dirname(file), { recursive: true })
  }
}

/** One line a reason, with the files it is the reason for. */
export function summaryOf(lines: string): string {
  const files = new Map<string, Set<string>>()
  for (const line of lines.split('\n').filter(Boolean)) {
    const [sentence = '', file = ''] = JSON.parse(line) as string[]
    files.set(sentence, (files.get(sentence) ?? new Set()).add(file))
  }
  return [...files].map(([sentence, of]) => `  SKIPPED  ${[...of].toSorted().join(', ')}: ${sentence}\n`).join('')
}
