// The folder: which files are segments, and how a change of files is made to last.
//
//     00000001.log  00000002.log  00000003.log     segments; the last one is written to
//     00000003.log.torn-1763635200123              bytes that a crash tore off, set aside
//     00000002.log.damaged-1763635200123           a segment as a repair found it
//     lock  lock-5f0c9a12-9b1d03c47e2a.sock        the process that uses the folder (see lock.ts, claim.ts)
//
// No file is named after a room: text that people type never becomes a path.

import {
  closeSync,
  copyFileSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { ChatError, codeOf } from '../../core/errors.js'

export type Segment = { readonly number: number; readonly path: string; readonly size: number }

/** The segment that is written to next. `mend`: a repair that could not be done yet and has to come first. */
export type Last = Segment & { readonly mend?: () => void }

/** Offsets are below this, so one number says segment and offset: number × 2³² + offset. */
export const SPAN = 2 ** 32

export function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(8, '0')}.log`)
}

/**
 * Makes a folder and the folders above it. Node's own `recursive` tries for ever where the system refuses a folder
 * and calls it missing, as below /proc.
 */
export function makeFolder(folder: string): void {
  if (isFolder(folder)) return
  try {
    mkdirSync(folder)
  } catch (error) {
    // Another process may have made it just now.
    if (codeOf(error) === 'EEXIST' && isFolder(folder)) return
    const above = dirname(folder)
    if (codeOf(error) !== 'ENOENT' || above === folder || isFolder(above)) throw error
    makeFolder(above)
    mkdirSync(folder)
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** The segments, oldest first. Makes the folder if it is missing. */
export function listSegments(folder: string): Segment[] {
  makeFolder(folder)
  return readdirSync(folder)
    .filter((name) => /^\d{8,}\.log$/.test(name))
    .map((name) => ({
      number: Number.parseInt(name, 10),
      path: join(folder, name),
      size: statSync(join(folder, name)).size,
    }))
    .sort((a, b) => a.number - b.number)
}

/** Makes new names, renamings and removals last: they are part of the folder, not of the files. */
export function syncFolder(folder: string): void {
  // Windows cannot open a folder, and keeps names by itself.
  if (process.platform === 'win32') return
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Removes files for good, one after the other, so that after a power cut no file is missing between two others. A
 * file that is gone already is fine.
 */
export function removeFiles(folder: string, paths: readonly string[]): void {
  for (const path of paths) {
    try {
      unlinkSync(path)
      syncFolder(folder)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }
}

/**
 * Cuts a segment at an offset. The bytes behind it are first kept in another file, whose path is returned; undefined
 * if they were nothing but zeros.
 */
export function setAside(folder: string, path: string, offset: number, date: number): string | undefined {
  const side = `${path}.torn-${date}`
  const fd = openSync(path, 'r+')
  try {
    const rest = readRest(fd, offset)
    const isBlank = endOfBytes(rest) === 0
    if (!isBlank) {
      writeWhole(side, [rest])
      syncFolder(folder)
    }
    ftruncateSync(fd, offset)
    fdatasyncSync(fd)
    return isBlank ? undefined : side
  } finally {
    closeSync(fd)
  }
}

/** The offset from which on there are only zeros. */
export function endOfBytes(bytes: Buffer): number {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return end
}

/** Keeps a copy of a segment beside it, and returns its path. */
export function keepCopy(folder: string, path: string, date: number): string {
  const copy = `${path}.damaged-${date}`
  copyFileSync(path, copy, constants.COPYFILE_EXCL)
  const fd = openSync(copy, 'r+')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  syncFolder(folder)
  return copy
}

/** Replaces the bytes of a file: a crash leaves the old bytes or the new ones, whole. */
export function replaceFile(folder: string, path: string, pieces: readonly Buffer[]): void {
  const temporary = `${path}.tmp`
  removeFiles(folder, [temporary])
  writeWhole(temporary, pieces)
  renameSync(temporary, path)
  syncFolder(folder)
}

/** Everything in a file from an offset on. */
export function readRest(fd: number, offset: number): Buffer {
  const pieces: Buffer[] = []
  for (let at = offset; ;) {
    const piece = Buffer.allocUnsafe(2 ** 20)
    const count = readSync(fd, piece, 0, piece.length, at)
    if (count === 0) return Buffer.concat(pieces)
    pieces.push(piece.subarray(0, count))
    at += count
  }
}

/** The error that tells a person about damage, and what to do. */
export function damagedAt(folder: string, path: string, offset: number, fault: string): ChatError {
  return new ChatError(
    'unavailable',
    `${path} is damaged at byte ${offset} (${fault}): run \`mini-chat repair ${/^[\w./-]+$/.test(folder) ? folder : JSON.stringify(folder)}\`, which keeps a copy`,
  )
}

function writeWhole(path: string, pieces: readonly Buffer[]): void {
  const fd = openSync(path, 'wx')
  try {
    for (const piece of pieces) for (let at = 0; at < piece.length;) at += writeSync(fd, piece, at)
    fsyncSync(fd)
  } catch (error) {
    // Half a copy is of no use, and takes room on a disk that may have none.
    unlinkSync(path)
    throw error
  } finally {
    closeSync(fd)
  }
}
