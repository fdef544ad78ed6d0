// What this tab has to know of its files that are not sent yet, so that they go on after a reload. It is in the browser's
// storage for this tab; the files themselves are in its database, under the same keys (kept-files.ts).

import { asFields, asString, stored } from './storage.js'

export type FileNote = {
  readonly key: string
  readonly name: string
  /** The room into which the file goes; undefined while it is in the tray. */
  readonly room?: string | undefined
  readonly text?: string | undefined
  /** The id of the message that it answers. */
  readonly of?: number | undefined
  /** The id that the server gave the file. */
  readonly id?: string | undefined
}

/** `username`: the person whose files they are. Nobody else sends them. */
type FileNotes = { readonly username: string; readonly files: readonly FileNote[] }

export const storedFiles = stored<FileNotes>('session', 'files', (value) => {
  const { username, files } = asFields(value)
  return { username: asString(username), files: Array.isArray(files) ? files.flatMap(asNote) : [] }
})

function asNote(value: unknown): FileNote[] {
  const { key, name, room, text, of, id } = asFields(value)
  if (asString(key) === '') return []
  return [
    {
      key: asString(key),
      name: asString(name),
      room: asString(room) || undefined,
      text: asString(text),
      of: typeof of === 'number' ? of : undefined,
      id: asString(id) || undefined,
    },
  ]
}
