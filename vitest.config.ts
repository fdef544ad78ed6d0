import { defineConfig } from 'vitest/config'
import LongestFirst from './test/support/longest-first.js'

/** These measure: times, and what the processor does. They have the machine to themselves. */
const MEASURED = [
  'test/abuse/{bad,input,slow}.test.ts',
  'test/page/{class,slow,speed}.test.ts',
  'test/stores/{journal,postgres,redis}.scale.test.ts',
  'test/transports/slow.test.ts',
]

/** These take long: a browser, terminals, programs that are killed, other servers. Each promise has a quick test too. */
const LONG = [
  'test/abuse/unfinished.test.ts',
  'test/deploy/**/*.test.ts',
  'test/directory/{postgres,ways-in}.test.ts',
  'test/{directory,stores}/{postgres,redis}.outage.test.ts',
  'test/drawing.test.ts',
  'test/lab.test.ts',
  'test/lessons.test.ts',
  'test/package.test.ts',
  'test/page/!(crayons|picture|size|talk|text|words).test.ts',
  'test/readme.test.ts',
  'test/stores/journal.{commands,damage,disk,kill,lock,power}.test.ts',
  'test/stores/{move,postgres,redis}.test.ts',
  'test/terminal/{address,door,pipes,tmux,typing,window}.test.ts',
  'test/transports/http/{corpus,fuzz,proxies}.test.ts',
  'test/transports/peers.test.ts',
  'test/transports/socketio.test.ts',
]

// `npm test` runs the quick ones. `npm run test:all` runs all of them with more rounds each, and fails where a program
// is missing (MINI_CHAT_TEST_ALL).
export default defineConfig(({ mode }) => ({
  test: {
    // For a machine of two cores that is busy: a state is waited for as long as it may take there.
    testTimeout: 30_000,
    // A server in which a thousand people wait is told to end, on a machine that does much else.
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    globalSetup: 'test/support/skipped.ts',
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/retried.ts'],
    env: mode === 'all' ? { MINI_CHAT_TEST_ALL: '1' } : {},
    projects: [
      {
        extends: true,
        // Many of them wait for a clock most of the time, as those of `long` do. A worker loads the modules once, for all of
        // its files: each makes a chat of its own, and that is half of the processor's time.
        test: {
          name: 'quick',
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [...LONG, ...MEASURED],
          maxWorkers: 4,
        },
      },
      {
        extends: true,
        test: {
          name: 'long',
          isolate: false,
          include: LONG,
          exclude: MEASURED,
          maxWorkers: 3,
          // Some start one program after the other.
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'measured', include: MEASURED, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/core/**/*.ts'],
      // Types alone: there is nothing in it to run.
      exclude: ['src/core/clock.ts', 'src/core/people/directory.ts', 'src/core/rooms/{observer,store}.ts'],
      reporter: ['text'],
      thresholds: { lines: 98, branches: 92 },
    },
  },
}))
