import { defineConfig } from 'vitest/config'

/** These measure: times, and what the processor does. They have the machine to themselves. */
const MEASURED = [
  'test/abuse/{bad,input,slow}.test.ts',
  'test/page/{slow,speed}.test.ts',
  'test/stores/{journal,redis}.scale.test.ts',
  'test/transports/slow.test.ts',
]

export default defineConfig({
  test: {
    testTimeout: 10_000,
    globalSetup: 'test/support/skipped.ts',
    // Where everything is checked the machine is shared, and some tests measure: what fails three times is broken.
    retry: process.env['MINI_CHAT_TEST_ALL'] === '1' ? 2 : 0,
    projects: [
      {
        extends: true,
        // Many of them wait for a clock or a browser most of the time.
        test: { name: 'all', include: ['test/**/*.test.ts'], exclude: MEASURED, maxWorkers: 2 },
      },
      {
        extends: true,
        test: { name: 'measured', include: MEASURED, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/core/**/*.ts'],
      // Types alone: there is nothing in it to run.
      exclude: ['src/core/clock.ts', 'src/core/rooms/store.ts'],
      reporter: ['text'],
      thresholds: { lines: 95, branches: 95 },
    },
  },
})
