// What the writer asks of the disk, and what a sender is told when the disk says no.

import { writeSync } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { ChatError } from '../../core/errors.js'
import { syncFolder } from './folder.js'

const PROBE_BYTES = 256 * 1024

/** What a sender is told. `code`: the system's word, such as `ENOSPC`. */
export function refusalOf(code: string): ChatError {
  if (code === 'ENOSPC' || code === 'EDQUOT') {
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

/** Creates a segment. What is there already can only be the beginning of the same one, in which nothing was kept. */
export async function createSegment(folder: string, path: string): Promise<FileHandle> {
  const file = await open(path, 'w')
  try {
    syncFolder(folder)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Writes all of it: the system may take a part of what it is given. */
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

/** Is there room for the largest message? Tried in a file of its own: the journal gets no bytes for it. */
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
