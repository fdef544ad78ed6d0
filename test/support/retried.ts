// A test that measures may be run again on a busy machine. Which ones were, and the figure that was not good enough, is
// in the last lines of a run. Only such tests are: each says so with MEASURES, and nothing else is run twice.

import type { Reporter, TestCase } from 'vitest/node'

/** For a test whose result depends on what else the machine does. */
export const MEASURES = { retry: 2 } as const

export default class RetriedReporter implements Reporter {
  readonly #lines: string[] = []

  onTestCaseResult(test: TestCase): void {
    const retries = test.diagnostic()?.retryCount ?? 0
    if (retries > 0) this.#lines.push(lineOf(test.fullName, test.module.relativeModuleId, retries, figuresOf(test)))
  }

  onTestRunEnd(): void {
    if (this.#lines.length > 0) process.stdout.write(`\n${this.#lines.join('')}`)
  }
}

/** What each attempt that failed says. */
function figuresOf(test: TestCase): string[] {
  return (test.result().errors ?? []).map(({ message }) => message.split('\n', 1)[0] ?? '')
}

export function lineOf(name: string, file: string, retries: number, figures: readonly string[]): string {
  return `  RETRIED  ${file}: ${name}: ${retries} of ${MEASURES.retry} times: ${figures.join('; ')}\n`
}
