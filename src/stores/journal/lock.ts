// One server a folder. Two files say that a folder is taken:
//
//     lock-5f0c9a12-9b1d03c47e2a.sock    a claim that ends with its process: decides on one machine (claim.ts)
//     lock                               the owner: for people, for other machines, and where no socket can be made
//
//     claim ──> does another claim live? ──no──> does the lock's owner live? ──no──> write the lock ──> ours
//                 │ yes                            │ yes
//                 └── refused                      └── refused
//
// Before each group the owner looks whether the lock is still its own file. A process that was stopped or cut off for
// so long that another took over the folder finds that out, and writes nothing any more.

import { randomInt } from 'node:crypto'
import {
  closeSync,
  futimesSync,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ChatError, codeOf } from '../../core/errors.js'
import { type Claim, liveClaims, makeClaim, removeOldClaims } from './claim.js'
import { refusalOf } from './disk.js'
import { isAlive, type Owner, ownOwner, parseOwner, TOUCH_MS } from './owner.js'

export type Lock = {
  /** Has another process taken the folder, or removed the lock? Once true, it stays true. */
  readonly isLost: boolean
  /** Throws `unavailable` when the folder is not ours any more. It looks at one file, which takes some microseconds. */
  check(): void
  release(): void
}

/** Two processes that start at one time may each give way to the other. Then both try again, a random time later. */
const MOST_TRIES = 12

const LOST =
  'the folder of messages belongs to another server now, so this one keeps nothing any more: stop it, and see that each server has a folder of its own'

/** The locks of this process: its own process number in a lock says nothing about others. */
const held = new Set<string>()

/**
 * Takes a folder. Rejects with `unavailable` when another process has it. `onLost` is called once if the folder is
 * taken away.
 */
export async function takeLock(folder: string, onLost: (error: ChatError) => void = () => undefined): Promise<Lock> {
  const path = join(folder, 'lock')
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const claim = await makeClaim(folder)
    let lock: Lock | undefined
    try {
      lock = await attempt(folder, claim, onLost)
      if (lock !== undefined) return lock
    } finally {
      if (lock === undefined) claim?.withdraw()
    }
    await sleep(randomInt(20, 120))
  }
  throw new ChatError(
    'unavailable',
    `the lock of ${JSON.stringify(folder)} cannot be taken: remove the file ${path} if no server uses the folder`,
  )
}

/** Undefined where another process came in between: another try may succeed. */
async function attempt(
  folder: string,
  claim: Claim | undefined,
  onLost: (error: ChatError) => void,
): Promise<Lock | undefined> {
  const path = join(folder, 'lock')
  const others = await liveClaims(folder, claim?.name)
  const text = readText(path)
  const owner = text === undefined ? undefined : parseOwner(text)
  if (owner !== undefined && others.includes(owner.claim)) throw inUse(folder, owner)
  if (others.length > 0) return undefined
  if (owner !== undefined && (await isAlive(owner, path, held.has(path)))) throw inUse(folder, owner)
  if (text !== undefined) removeIfSame(path, text)
  const own = JSON.stringify(ownOwner(claim?.name ?? ''))
  const fd = create(path, own)
  if (fd === undefined) return undefined
  removeOldClaims(folder)
  return hold({ path, text: own, fd, claim, onLost })
}

type Held = {
  readonly path: string
  readonly text: string
  /** Open as long as the lock is held, so that no other file gets its number. */
  readonly fd: number
  readonly claim: Claim | undefined
  readonly onLost: (error: ChatError) => void
}

function hold({ path, text, fd, claim, onLost }: Held): Lock {
  const { ino, dev } = fstatSync(fd, { bigint: true })
  let isLost = false
  const isSame = (): boolean => {
    try {
      const file = statSync(path, { bigint: true, throwIfNoEntry: false })
      // Some network file systems give a file a new number: then its text decides.
      return file !== undefined && ((file.ino === ino && file.dev === dev) || readText(path) === text)
    } catch (error) {
      throw refusalOf(codeOf(error) ?? 'EIO')
    }
  }
  const check = (): void => {
    if (!isLost) {
      isLost = !isSame()
      if (!isLost) return
      onLost(new ChatError('unavailable', LOST))
    }
    throw new ChatError('unavailable', LOST)
  }
  const touching = setInterval(() => {
    try {
      check()
      const now = new Date()
      futimesSync(fd, now, now)
    } catch {
      // The lock is lost, which was reported; or the disk is away, which the journal's own writes report.
    }
  }, TOUCH_MS)
  touching.unref()
  held.add(path)
  return {
    get isLost() {
      return isLost
    },
    check,
    release() {
      clearInterval(touching)
      held.delete(path)
      closeSync(fd)
      try {
        removeIfSame(path, text)
      } finally {
        claim?.withdraw()
      }
    },
  }
}

function inUse(folder: string, { pid, host }: Owner): ChatError {
  const who = host === hostname() ? `process ${pid}` : `process ${pid} on ${JSON.stringify(host)}`
  return new ChatError(
    'unavailable',
    `the folder ${JSON.stringify(folder)} is in use by ${who}: stop that one, or choose another folder`,
  )
}

/** Creates the lock together with its text, so that no process ever reads half of it. Undefined if there is a lock. */
function create(path: string, text: string): number | undefined {
  const aside = asideOf(path)
  const fd = openSync(aside, 'wx')
  try {
    writeSync(fd, text)
    linkSync(aside, path)
    return fd
  } catch (error) {
    closeSync(fd)
    if (codeOf(error) === 'EEXIST') return undefined
    throw error
  } finally {
    unlinkSync(aside)
  }
}

/**
 * Removes a lock if it is still the one that was read: of two processes that find the same stale lock only one may
 * win.
 */
function removeIfSame(path: string, text: string): void {
  const aside = asideOf(path)
  if (readText(path) !== text) return
  try {
    renameSync(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if (readText(aside) !== text) restore(aside, path)
  unlinkSync(aside)
}

function restore(aside: string, path: string): void {
  try {
    linkSync(aside, path)
  } catch (error) {
    // Another process has taken the folder meanwhile: then the lock is that one's.
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

/**
 * A name of its own for this process. Two containers may number their processes alike, so the number alone is not
 * enough.
 */
function asideOf(path: string): string {
  return `${path}.${process.pid}-${randomInt(2 ** 40).toString(36)}`
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
