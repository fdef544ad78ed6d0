// What the writer needs of the disk, and what a sender is told when the disk refuses.

import { writeSync } from 'node:fs'
import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { ChatError, isFullDisk } from '../../core/errors.js'
import { syncFolder } from './folder.js'

const PROBE_BYTES = 256 * 1024

/** The error for a sender. `code`: the system's error code, such as `ENOSPC`. */
export function refusalOf(code: string): ChatError {
  if (isFullDisk(code)) {
    return new ChatError(
      'full',
      'the server’s disk is full, so nothing was sent: try again when somebody has made room',
    )
  }
  return new ChatError(
    'unavailable',
    'the server’s disk does not take messages now, so nothing was sent: try again soon',
    5,
  )
}

/**
 * Creates a segment that begins with these bytes. It gets its name only when they are on the disk. So a crash never
 * leaves a segment without its beginning, and a start can call such a segment damaged.
 */
export async function createSegment(folder: string, path: string, beginning: Buffer): Promise<FileHandle> {
  const temporary = `${path}.tmp`
  const file = await open(temporary, 'w')
  try {
    await writeAll(file, beginning, 0)
    await file.datasync()
    await rename(temporary, path)
    syncFolder(folder)
    return file
  } catch (error) {
    await file.close()
    await unlink(temporary).catch(() => undefined /* it has its name already, or the disk says no to everything */)
    throw error
  }
}

/** Writes all of it: the system may take only a part at a time. */
export async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** The same, without waiting for a turn. */
export function writeNow(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
}

/** Is there room for the largest message? This is tried in a separate file: the journal gets no bytes for it. */
export async function probe(folder: string): Promise<void> {
  const path = join(folder, 'probe')
  const file = await open(path, 'w')
  try {
    await writeAll(file, Buffer.alloc(PROBE_BYTES), 0)
    await file.datasync()
  } finally {
    await file.close()
    await unlink(path)
  }
}
