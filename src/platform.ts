// What the core needs of its platform, as Node has it.

import { randomBytes, randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import type { Clock, Random } from './core/clock.js'

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
  soon: (call) => void setImmediate(call),
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'

export const systemRandom: Random = {
  fraction: () => Math.random(),
  epoch: () => Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join(''),
  token: () => randomBytes(16).toString('base64url'),
}

/** The folder that holds package.json, whether this runs from src, from dist or from lib. */
export const PACKAGE_ROOT = findRoot(dirname(fileURLToPath(import.meta.url)))

export const VERSION = versionOf(JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')))

function findRoot(folder: string): string {
  try {
    readFileSync(join(folder, 'package.json'))
    return folder
  } catch {
    // Not in this folder: further up.
    return findRoot(dirname(folder))
  }
}

function versionOf(manifest: unknown): string {
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '0.0.0'
}
