// A claim on a folder that the kernel gives back by itself: a socket in the folder, on which the claiming process
// listens.
//
//     lock-5f0c9a12-9b1d03c47e2a.sock      the boot that it belongs to, and a name that is never used again
//
//     connect ──┬── answered, or waits    its process lives; so does a stopped one, whose socket still listens
//               └── refused               its process is gone: killed, crashed, a zombie, or before a reboot
//
// No process id is involved. So a claim works between containers that share a folder and number their processes
// alike, and a number that is used again means nothing. A process first makes its claim and then looks for others: of
// two processes that start together, at least one sees the other. It is no lock between machines: a socket answers
// only on the machine of its process.

import { createHash, randomBytes } from 'node:crypto'
import { closeSync, openSync, readdirSync, readFileSync, realpathSync, renameSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { codeOf } from '../../core/errors.js'

/** `name`: the file in the folder, or on Windows the pipe. */
export type Claim = { readonly name: string; withdraw(): void }

/** The longest path that every system takes for a socket: sun_path has 104 bytes on macOS and 108 on Linux. */
const PATH_BYTES = 100
const ANSWER_MS = 2000
const NAME = /^lock-([0-9a-f]{8})-[0-9a-f]{12}\.(?:sock|new)$/

/** Names the boot of this machine; empty where the system does not tell. */
export const BOOT = readBoot()
const BOOT_PART = BOOT === '' ? '00000000' : BOOT.slice(0, 8)

/** Claims a folder, for as long as this process lives. Undefined where no socket can be made in it. */
export async function makeClaim(folder: string): Promise<Claim | undefined> {
  if (process.platform === 'win32') return makePipe(pipeOf(folder))
  const name = `lock-${BOOT_PART}-${randomBytes(6).toString('hex')}`
  const at = reach(folder, `${name}.new`)
  if (at === undefined) return undefined
  try {
    const server = await listen(at.path)
    if (server === undefined) return undefined
    const withdraw = (): void => {
      for (const suffix of ['new', 'sock']) unlinkQuietly(join(folder, `${name}.${suffix}`))
      server.close()
    }
    try {
      // Between bind and listen a socket refuses connections like a dead one. So it has its real name only when it
      // listens.
      renameSync(join(folder, `${name}.new`), join(folder, `${name}.sock`))
    } catch {
      withdraw()
      return undefined
    }
    return { name: `${name}.sock`, withdraw }
  } finally {
    at.release()
  }
}

/** The claims of living processes on this machine, without our own. Removes the claims of processes that are gone. */
export async function liveClaims(folder: string, own: string | undefined): Promise<string[]> {
  if (process.platform === 'win32') {
    const pipe = pipeOf(folder)
    return own === undefined && (await answers(pipe)) ? [pipe] : []
  }
  const live: string[] = []
  for (const name of readdirSync(folder)) {
    if (name === own || !name.endsWith('.sock') || NAME.exec(name)?.[1] !== BOOT_PART) continue
    const at = reach(folder, name)
    try {
      if (at === undefined || (await answers(at.path))) live.push(name)
      else unlinkQuietly(join(folder, name))
    } finally {
      at?.release()
    }
  }
  return live
}

/**
 * Removes the leftovers of earlier boots, and of processes that were killed while they claimed. Only the holder of
 * the folder calls it.
 */
export function removeOldClaims(folder: string): void {
  if (process.platform === 'win32') return
  for (const name of readdirSync(folder)) {
    const match = NAME.exec(name)
    if (match !== null && (match[1] !== BOOT_PART || name.endsWith('.new'))) unlinkQuietly(join(folder, name))
  }
}

/**
 * A path that is short enough for a socket's address; undefined where there is none. A long folder is reached by its
 * descriptor.
 */
function reach(folder: string, name: string): { path: string; release: () => void } | undefined {
  const path = join(folder, name)
  if (Buffer.byteLength(path) <= PATH_BYTES) return { path, release: () => undefined }
  if (process.platform !== 'linux') return undefined
  const fd = openSync(folder, 'r')
  return { path: `/proc/self/fd/${fd}/${name}`, release: () => closeSync(fd) }
}

function makePipe(name: string): Promise<Claim | undefined> {
  return listen(name).then((server) => server && { name, withdraw: () => void server.close() })
}

/** On Windows pipes are not in folders. The first process that makes a pipe of this name has it. */
function pipeOf(folder: string): string {
  const hash = createHash('sha256').update(realpathSync.native(folder).toLowerCase()).digest('hex')
  return `\\\\.\\pipe\\mini-chat-${hash.slice(0, 32)}`
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    // A connection is the whole message: nothing is read or written.
    const server = createServer((socket: Socket) => socket.on('error', () => undefined).destroy())
    server.once('error', () => resolve(undefined))
    server.listen({ path, exclusive: true }, () => resolve(server))
    // The claim lasts as long as its process, and does not keep it alive.
    server.unref()
  })
}

/** Does a process listen there? When that is unclear, the answer is yes. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    const end = (isLive: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(isLive)
    }
    const timer = setTimeout(() => end(true), ANSWER_MS)
    socket.once('connect', () => end(true))
    socket.on('error', (error) => end(!['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(codeOf(error) ?? '')))
  })
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // The file is gone, or the folder is: a socket without a listener means nothing.
  }
}

function readBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
