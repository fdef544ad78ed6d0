// Where the browsers are that the tests of the page can drive, by their usual names and places: Chromium, Chrome or Edge,
// and Firefox.

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'

/** Programs of which any will do. */
type Kind = {
  /** The variable of the environment that says where it is. */
  readonly variable: string
  readonly names: readonly string[]
  readonly linux: readonly string[]
  readonly mac: readonly string[]
  /** Below each folder of programs. */
  readonly windows: readonly string[]
}

const CHROMIUM: Kind = {
  variable: 'CHROME_PATH',
  names: [
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    'chrome',
    'microsoft-edge',
    'microsoft-edge-stable',
    'msedge',
  ],
  linux: ['/usr/bin/chromium', '/snap/bin/chromium'],
  mac: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  windows: [
    'Google\\Chrome\\Application\\chrome.exe',
    'Chromium\\Application\\chrome.exe',
    'Microsoft\\Edge\\Application\\msedge.exe',
  ],
}

const FIREFOX: Kind = {
  variable: 'FIREFOX_PATH',
  names: ['firefox-esr', 'firefox'],
  linux: ['/usr/bin/firefox-esr', '/usr/bin/firefox', '/snap/bin/firefox'],
  mac: ['/Applications/Firefox.app/Contents/MacOS/firefox'],
  windows: ['Mozilla Firefox\\firefox.exe'],
}

export type Machine = {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly exists: (path: string) => boolean
}

export const HERE: Machine = { platform: process.platform, env: process.env, home: homedir(), exists: existsSync }

/** The browser's path: `CHROME_PATH` and nothing else where that is set, else the first that is there. */
export function findChromium(machine: Machine): string | undefined {
  return find(CHROMIUM, machine)
}

/** The same for Firefox, with `FIREFOX_PATH`. */
export function findFirefox(machine: Machine): string | undefined {
  return find(FIREFOX, machine)
}

function find(kind: Kind, { platform, env, home, exists }: Machine): string | undefined {
  const given = env[kind.variable] ?? ''
  const candidates = given === '' ? [...onPath(kind, platform, env), ...places(kind, platform, env, home)] : [given]
  return candidates.find(exists)
}

function onPath({ names }: Kind, platform: NodeJS.Platform, env: Machine['env']): string[] {
  const path = platform === 'win32' ? win32 : posix
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(path.delimiter).filter(Boolean)
  const end = platform === 'win32' ? '.exe' : ''
  return names.flatMap((name) => folders.map((folder) => path.join(folder, `${name}${end}`)))
}

function places(kind: Kind, platform: NodeJS.Platform, env: Machine['env'], home: string): readonly string[] {
  if (platform === 'darwin') return kind.mac.flatMap((path) => [path, posix.join(home, path)])
  if (platform !== 'win32') return kind.linux
  const folders = ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap((name) => env[name] ?? [])
  return kind.windows.flatMap((path) => folders.map((folder) => win32.join(folder, path)))
}
