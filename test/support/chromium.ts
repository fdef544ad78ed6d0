// Where a browser is that the tests of the page can drive: Chromium, Chrome or Edge, by its usual names and places.

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'microsoft-edge-stable',
  'msedge',
]

const MAC = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
]

const WINDOWS = [
  'Google\\Chrome\\Application\\chrome.exe',
  'Chromium\\Application\\chrome.exe',
  'Microsoft\\Edge\\Application\\msedge.exe',
]

export type Machine = {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly exists: (path: string) => boolean
}

export const HERE: Machine = { platform: process.platform, env: process.env, home: homedir(), exists: existsSync }

/** The browser's path: `CHROME_PATH` and nothing else where that is set, else the first that is there. */
export function findChromium({ platform, env, home, exists }: Machine): string | undefined {
  const given = env['CHROME_PATH'] ?? ''
  const candidates = given === '' ? [...onPath(platform, env), ...places(platform, env, home)] : [given]
  return candidates.find(exists)
}

function onPath(platform: NodeJS.Platform, env: Machine['env']): string[] {
  const path = platform === 'win32' ? win32 : posix
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(path.delimiter).filter(Boolean)
  const end = platform === 'win32' ? '.exe' : ''
  return NAMES.flatMap((name) => folders.map((folder) => path.join(folder, `${name}${end}`)))
}

function places(platform: NodeJS.Platform, env: Machine['env'], home: string): string[] {
  if (platform === 'darwin') return MAC.flatMap((path) => [path, posix.join(home, path)])
  if (platform !== 'win32') return ['/usr/bin/chromium', '/snap/bin/chromium']
  const folders = ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap((name) => env[name] ?? [])
  return WINDOWS.flatMap((path) => folders.map((folder) => win32.join(folder, path)))
}
