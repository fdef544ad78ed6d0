// The order of the files of tests: the longest begin first, so that at the end no worker is left alone with a long one.
// Vitest knows how long each took the last time, but not in a clean checkout.

import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Those that take longest, the longest first, whenever they run. */
export const LONGEST: readonly string[] = [
  'test/lab.test.ts',
  'test/page/lab.test.ts',
  'test/page/tabs.test.ts',
  'test/lessons.test.ts',
  'test/directory/ways-in.test.ts',
  'test/stores/postgres.outage.test.ts',
  'test/deploy/soak.test.ts',
  'test/stores/redis.outage.test.ts',
  'test/terminal/address.test.ts',
  'test/page/access.test.ts',
  'test/stores/journal.lock.test.ts',
  'test/page/firefox.test.ts',
  'test/deploy/containers.test.ts',
  'test/page/stage.test.ts',
  'test/abuse/unfinished.test.ts',
]

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return longestFirst(await super.sort(files), ({ moduleId }) => relative('.', moduleId))
  }
}

/** The rest keeps its order behind them. */
export function longestFirst<T>(files: readonly T[], nameOf: (file: T) => string): T[] {
  const place = (file: T): number => {
    const found = LONGEST.indexOf(nameOf(file))
    return found === -1 ? LONGEST.length : found
  }
  return files.toSorted((a, b) => place(a) - place(b))
}
