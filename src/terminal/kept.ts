// The token of a conversation, kept in a file as long as the conversation lasts. A program that was killed, or could
// not tell the server that it left, holds its name for another minute. With the token it is back at once.
//
//     join  ── 201 ──> the file is written           $XDG_STATE_HOME/mini-chat/HASH.json, mode 0600
//     leave ── 204 ──> the file is removed           HASH: of the server's address and the name
//     join again ────> the file is there, and its process is not: the token in it is tried first
//
// A process that still runs keeps its token to itself: two programs with one session would end each other's.

import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { foldName } from '../core/rooms/message.js'

/** Keeps tokens. */
export type Kept = {
  /** The token that an ended process has kept for this name. */
  find(username: string): string | undefined
  keep(username: string, token: string): void
  /** The name has been given back. */
  forget(username: string): void
}

export const NOTHING_KEPT: Kept = { find: () => undefined, keep: () => undefined, forget: () => undefined }

/** Keeps tokens for one server, in the person's state folder. Failures are silent: this is only a convenience. */
export function keptIn(folder: string, url: string): Kept {
  const fileOf = (username: string): string => {
    const hash = createHash('sha256').update(`${url}\n${foldName(username)}`)
    return join(folder, `${hash.digest('hex').slice(0, 32)}.json`)
  }
  return {
    find: (username) => trying(() => tokenOf(JSON.parse(readFileSync(fileOf(username), 'utf8')))),
    keep(username, token) {
      trying(() => {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        const file = fileOf(username)
        const draft = `${file}.${randomUUID()}`
        writeFileSync(draft, JSON.stringify({ token, host: hostname(), pid: process.pid }), { mode: 0o600, flag: 'wx' })
        renameSync(draft, file)
      })
    },
    forget: (username) => trying(() => rmSync(fileOf(username), { force: true })),
  }
}

/** The person's state folder, as the XDG Base Directory Specification has it, and as Windows does. */
export function stateFolder(env: NodeJS.ProcessEnv): string {
  const { XDG_STATE_HOME: xdg = '', LOCALAPPDATA: local = '' } = env
  if (isAbsolute(xdg)) return join(xdg, 'mini-chat')
  if (process.platform === 'win32' && isAbsolute(local)) return join(local, 'mini-chat')
  return join(homedir(), '.local', 'state', 'mini-chat')
}

function tokenOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('token' in value && 'host' in value && 'pid' in value))
    return undefined
  const { token, host, pid } = value
  // Another machine may share the folder, and only that machine knows its processes.
  if (typeof token !== 'string' || !/^[\w-]{1,128}$/.test(token) || typeof pid !== 'number' || host !== hostname())
    return undefined
  return isRunning(pid) ? undefined : token
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function trying<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined // No such file, or a folder that nothing can be written to.
  }
}
