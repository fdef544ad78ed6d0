// The tests' own tools: where they look for a browser, how they say what they skipped, and which file begins first.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PACKAGE_ROOT } from '../../src/platform.js'
import { findChromium, findFirefox, type Machine } from './browsers.js'
import { LONGEST, longestFirst } from './longest-first.js'
import { lineOf } from './retried.js'
import { summaryOf } from './skipped.js'

function machine(platform: NodeJS.Platform, env: Machine['env'], ...files: string[]): Machine {
  return { platform, env, home: '/Users/ada', exists: (path) => files.includes(path) }
}

test('a browser is found by its names on the path, and at its places on a Mac and on Windows', () => {
  const chrome = '/Users/ada/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
  const edge = 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe'
  const windows = {
    Path: 'C:\\Windows',
    ProgramFiles: 'C:\\Program Files',
    'ProgramFiles(x86)': 'C:\\Program Files (x86)',
  }
  expect([
    findChromium(machine('linux', { PATH: '/bin:/opt/bin' }, '/opt/bin/google-chrome')),
    findChromium(machine('linux', { PATH: '/bin' }, '/bin/chromium-browser', '/bin/google-chrome')),
    findChromium(machine('linux', {}, '/usr/bin/chromium')),
    findChromium(machine('darwin', { PATH: '/bin' }, chrome)),
    findChromium(machine('win32', windows, edge)),
    findChromium(machine('linux', { PATH: '/bin' })),
  ]).toEqual(['/opt/bin/google-chrome', '/bin/chromium-browser', '/usr/bin/chromium', chrome, edge, undefined])
})

test('CHROME_PATH is the browser, and no other is taken where it is wrong', () => {
  const env = { PATH: '/bin', CHROME_PATH: '/my/chrome' }
  expect(findChromium(machine('linux', env, '/bin/chromium', '/my/chrome'))).toBe('/my/chrome')
  expect(findChromium(machine('linux', env, '/bin/chromium'))).toBeUndefined()
})

test('Firefox is found in the same way', () => {
  const mac = '/Applications/Firefox.app/Contents/MacOS/firefox'
  const windows = 'C:\\Program Files\\Mozilla Firefox\\firefox.exe'
  expect([
    findFirefox(machine('linux', { PATH: '/bin' }, '/bin/firefox-esr', '/bin/chromium')),
    findFirefox(machine('darwin', { PATH: '/bin' }, mac)),
    findFirefox(machine('win32', { ProgramFiles: 'C:\\Program Files' }, windows)),
    findFirefox(machine('linux', { PATH: '/bin', FIREFOX_PATH: '/my/firefox' }, '/bin/firefox')),
  ]).toEqual(['/bin/firefox-esr', mac, windows, undefined])
})

test('what was skipped is said once a reason, with the files', () => {
  const lines = [
    ['no tmux', 'b.test.ts'],
    ['no nc', 'a.test.ts'],
    ['no tmux', 'a.test.ts'],
    ['no tmux', 'b.test.ts'],
  ]
  expect(summaryOf(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))).toBe(
    '  SKIPPED  a.test.ts, b.test.ts: no tmux\n  SKIPPED  a.test.ts: no nc\n',
  )
})

test('a test that was run again is one line, with what was not good enough', () => {
  expect(lineOf('in time', 'test/slow.test.ts', 1, ['expected 132 to be less than 100'])).toBe(
    '  RETRIED  test/slow.test.ts: in time: 1 of 2 times: expected 132 to be less than 100\n',
  )
})

test('the longest files begin first, each of them is there, and the others keep their order', () => {
  const [first = '', second = ''] = LONGEST
  expect(longestFirst(['b', second, 'a', first], String)).toEqual([first, second, 'b', 'a'])
  expect(LONGEST.filter((file) => !existsSync(join(PACKAGE_ROOT, file)))).toEqual([])
})
