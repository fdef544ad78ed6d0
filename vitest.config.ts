import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 10_000,
    // Where everything is checked the machine is shared, and some tests measure: what fails three times is broken.
    retry: process.env['MINI_CHAT_TEST_ALL'] === '1' ? 2 : 0,
    coverage: {
      provider: 'v8',
      include: ['src/core/**/*.ts'],
      // Types alone: there is nothing in it to run.
      exclude: ['src/core/clock.ts', 'src/core/store.ts'],
      reporter: ['text'],
      thresholds: { lines: 95, branches: 95 },
    },
  },
})
