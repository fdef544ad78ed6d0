// Journals in temporary folders, opened as often as a test likes.

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Message } from '../../src/core/rooms/message.js'
import { type Journal, type JournalOptions, openJournal } from '../../src/stores/journal.js'
import { systemClock, systemRandom } from '../../src/platform.js'

/** A folder that goes with its test. */
export function temporaryFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'mini-chat-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The same in memory, where there is such a place: for tests that open a thousand journals. */
export function quickFolder(): string {
  return temporaryFolder(existsSync('/dev/shm') ? '/dev/shm' : tmpdir())
}

export type Said = { readonly event: string; readonly [field: string]: unknown }

/** Opens a journal that is closed with its test at the latest; `said`: what it logged. */
export async function journalIn(
  folder: string,
  given: Partial<JournalOptions> = {},
  said: Said[] = [],
): Promise<Journal> {
  const log = {
    info: (event: string, fields = {}) => void said.push({ event, ...fields }),
    error: (event: string, error: unknown) => void said.push({ event, error }),
  }
  const standard = {
    recent: 500,
    sync: 'never',
    keepMs: undefined,
    keepBytes: undefined,
    clock: systemClock,
    random: systemRandom,
  } as const
  const journal = await openJournal({ ...standard, folder, log, ...given })
  onTestFinished(() => journal.close())
  return journal
}

/** What a room's log holds, after opening the folder anew. */
export async function reread(
  folder: string,
  room = 'lobby',
): Promise<{ messages: readonly Message[]; epoch: string; said: Said[] }> {
  const said: Said[] = []
  const journal = await journalIn(folder, {}, said)
  const { messages, epoch } = await journal.read(room, { limit: 1_000_000 })
  await journal.close()
  return { messages, epoch, said }
}

export function segmentsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.log'))
}
