// Mutation testing: changes the code in one place at a time, and tells which changes no test notices.
//
//     npm run mutate                                     all of it, an hour or more
//     npm run mutate -- --mutate src/core/rooms/ring.ts  one file, some minutes

export default {
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutate/vitest.config.ts' },
  mutate: ['src/core/**/*.ts', 'src/auth/*.ts', 'src/stores/journal/record.ts', '!**/*.d.ts'],
  // The compiler of this project has no interface for Stryker to read the file by, and nothing in it is needed to run.
  tsconfigFile: 'none',
  coverageAnalysis: 'perTest',
  // A type is no behaviour, and a sentence for people is nothing to test word by word.
  mutator: { excludedMutations: ['StringLiteral'] },
  reporters: ['clear-text', 'html'],
  htmlReporter: { fileName: 'dist/mutation.html' },
  tempDirName: 'dist/mutate',
  incremental: true,
  incrementalFile: 'dist/mutation.json',
  concurrency: 2,
  timeoutMS: 10_000,
  // For a machine that is busy: it runs all tests once, before anything is changed.
  dryRunTimeoutMinutes: 20,
  thresholds: { high: 95, low: 85, break: 85 },
}
