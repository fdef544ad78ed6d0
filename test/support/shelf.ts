// Files that a test can look at and break, instead of a folder.

import type { Attachment, Files } from '../../src/core/rooms/file.js'

export const fileId = 'x'.repeat(22)
export const file: Attachment = { id: fileId, type: 'image/png', bytes: 3, name: 'hill.png' }

export type Shelf = { readonly files: Files; readonly done: string[] }

/** One file, which the first session of a chat has uploaded to the lobby. `fails`: what cannot be done to it. */
export function createShelf(fails: RegExp = /^$/): Shelf {
  const done: string[] = []
  let isSent = false
  const note = (what: string): Promise<void> => {
    done.push(what)
    return fails.test(what) ? Promise.reject(new Error('no disk')) : Promise.resolve()
  }
  const files: Files = {
    find: async (wanted, room, owner) =>
      wanted === fileId && room === 'lobby' && owner === 'token-1' ? { file, isSent } : undefined,
    mark: (marked, sent) => {
      isSent = sent
      return note(`${marked} ${sent ? 'is sent' : 'is not sent'}`)
    },
    remove: (removed) => note(`${removed} removed`),
    clear: (room, date) => note(`${room} cleared to ${date}`),
  }
  return { files, done }
}
