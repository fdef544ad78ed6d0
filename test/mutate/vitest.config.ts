// The tests that mutation testing runs: those of the core, of authentication and of the journal's records.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    testTimeout: 60_000,
    include: [
      'test/core/**/*.test.ts',
      'test/auth/{auth,jwt,moderation,password,token}.test.ts',
      'test/stores/{memory,journal,journal.record}.test.ts',
    ],
  },
})
