// One server a folder. The file `lock` says who: a process, on a machine, since when.
//
// A lock whose process is gone is stale and is taken over: a server that was killed starts again by itself. Process
// ids are used again, by every container even the same one; so on Linux the lock also says when its process began.
// From another machine (a shared disk, another container) nobody can see the process, but the lock's file is touched
// every few seconds: one that was not touched for a while is stale.

import { linkSync, readFileSync, renameSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { ChatError } from '../../core/errors.js'
import { codeOf, removeFiles } from './folder.js'

const TOUCH_MS = 5000
const STALE_MS = 20_000

/** `began`: what tells a process from a later one with the same number; empty where the system does not say. */
type Owner = { readonly pid: number; readonly host: string; readonly began: string }

/** The folders that this process holds: its own number is in their locks, and says nothing about others. */
const held = new Set<string>()

/** Takes a folder. Throws `unavailable` when somebody else has it. */
export function takeLock(folder: string): () => void {
  const path = join(folder, 'lock')
  const me: Owner = { pid: process.pid, host: hostname(), began: beganAt(process.pid) }
  for (let tries = 0; !create(path, me); tries++) {
    const text = readText(path)
    if (text === undefined) continue
    const owner = parseOwner(text)
    if (owner !== undefined && isAlive(owner, path)) throw new ChatError('unavailable', refusal(folder, owner))
    if (tries >= 3)
      throw new ChatError(
        'unavailable',
        `the lock of ${JSON.stringify(folder)} cannot be taken: remove the file ${path} if no server uses the folder`,
      )
    removeStale(path, text)
  }
  held.add(path)
  const touching = setInterval(() => touch(path), TOUCH_MS)
  touching.unref()
  return () => {
    clearInterval(touching)
    held.delete(path)
    removeStale(path, JSON.stringify(me))
  }
}

function refusal(folder: string, { pid, host }: Owner): string {
  const where = host === hostname() ? `process ${pid}` : `process ${pid} on ${JSON.stringify(host)}`
  return `the folder ${JSON.stringify(folder)} is in use by ${where}: stop that one, or choose another folder`
}

/** Creates the lock with its text in it, at once: nobody ever reads half of one. False if there is one. */
function create(path: string, owner: Owner): boolean {
  const aside = `${path}.${process.pid}`
  try {
    writeFileSync(aside, JSON.stringify(owner))
    linkSync(aside, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    removeFiles(dirname(path), [aside])
  }
}

function isAlive({ pid, host, began }: Owner, path: string): boolean {
  if (host !== hostname()) return Date.now() - statSync(path).mtimeMs < STALE_MS
  if (pid === process.pid) return held.has(path)
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, and is somebody else's.
    if (codeOf(error) !== 'EPERM') return false
  }
  return began === '' || began === beganAt(pid)
}

/** When a process began: the boot it belongs to, and the clock ticks since then (proc(5), field 22 of stat). */
function beganAt(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets, and may have spaces.
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`
  } catch {
    // No such system, or no such process: the number has to do.
    return ''
  }
}

/** Removes a lock if it still is the one that was read: two who find the same stale lock must not both win. */
function removeStale(path: string, text: string): void {
  const aside = `${path}.${process.pid}`
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
    // Somebody has taken it meanwhile: then the lock is theirs.
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

function touch(path: string): void {
  try {
    const now = new Date()
    utimesSync(path, now, now)
  } catch {
    // The disk is away or the file was removed by hand: the journal's own writes will tell of the first, and on
    // this machine the process itself is the proof.
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('host' in value) || !('began' in value))
      return undefined
    return { pid: Number(value.pid), host: String(value.host), began: String(value.began) }
  } catch {
    // Its writer was stopped before it was whole.
    return undefined
  }
}
