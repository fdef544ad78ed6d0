// The owner of a folder, as the file `lock` names it, and whether its process still lives where no socket tells that.
//
// On one machine a process is known by its number and by when it began, because numbers are used again. A number
// means nothing in another container (another PID namespace) and on another machine: there the file's time decides,
// which the owner renews every few seconds.

import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../../core/errors.js'
import { BOOT } from './claim.js'

export type Owner = {
  readonly pid: number
  readonly host: string
  /** The boot, and the clock ticks from the boot to the begin of the process; empty where the system does not tell. */
  readonly began: string
  /** The namespace in which the number counts; empty where the system does not tell. */
  readonly namespace: string
  /** The name of the owner's claim; empty where it could not make one. */
  readonly claim: string
}

export const TOUCH_MS = 5000
const STALE_MS = 20_000
/** A little more than twice the time between two touches: by then a living server has touched its lock. */
const WATCH_MS = 12_000
const LOOK_MS = 500

/** This process, as the owner of a folder. */
export function ownOwner(claim: string): Owner {
  return { pid: process.pid, host: hostname(), began: beganAt(process.pid), namespace: namespaceOf(), claim }
}

/** Never throws: a text that was cut short has no owner. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('host' in value) || !('began' in value))
      return undefined
    const word = (name: string): string => {
      const found = Object.entries(value).find(([key]) => key === name)
      return found === undefined ? '' : String(found[1])
    }
    return {
      pid: Number(value.pid),
      host: word('host'),
      began: word('began'),
      namespace: word('namespace'),
      claim: word('claim'),
    }
  } catch {
    return undefined
  }
}

/**
 * Does the owner of a lock live, if its claim is not among the living ones? `holds`: does this process itself hold
 * the lock? Where only the file's time tells it, this takes up to `WATCH_MS`.
 */
export async function isAlive(owner: Owner, path: string, holds: boolean): Promise<boolean> {
  if (!isOnThisMachine(owner)) return isTouched(path)
  if (owner.claim !== '') return false
  if (owner.namespace !== '' && owner.namespace !== namespaceOf()) return isTouched(path)
  if (owner.pid === process.pid) return holds
  return isRunning(owner)
}

function isOnThisMachine({ host, began }: Owner): boolean {
  const boot = bootOf(began)
  return boot === '' || BOOT === '' ? host === hostname() : boot === BOOT
}

function isRunning({ pid, began }: Owner): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: the process lives, and belongs to another user.
    if (codeOf(error) !== 'EPERM') return false
  }
  if (began === '' || BOOT === '') return true
  return began === beganAt(pid)
}

/** Is a young lock touched again? A server that has died without a word does not touch it. */
async function isTouched(path: string): Promise<boolean> {
  const first = timeOf(path)
  if (first === undefined || Date.now() - first >= STALE_MS) return false
  for (let waited = 0; waited < WATCH_MS; waited += LOOK_MS) {
    await sleep(LOOK_MS)
    if (timeOf(path) !== first) return true
  }
  return false
}

function timeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

/** Empty for a process that is gone, and for a zombie: it has ended, and its parent has not collected it yet. */
function beganAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets, and may have spaces (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : `${BOOT} ${fields[19] ?? ''}`
  } catch {
    return ''
  }
}

function bootOf(began: string): string {
  return began.split(' ')[0] ?? ''
}

function namespaceOf(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
