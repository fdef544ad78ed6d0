// The files that messages carry, where the chat carries any (rooms/file.ts).
//
//     find    a message names a file: has this session uploaded it to this room?
//     take    the message is kept: the file is its own
//     drop    the message is removed, or its room cleared: the file goes with it

import type { Undo } from '../clock.js'
import { ChatError } from '../errors.js'
import { type Attachment, type Files, parseFileId } from '../rooms/file.js'
import type { Message } from '../rooms/message.js'
import { requireSession, type Session } from './sessions.js'

/** `isSent`: a message has it already. */
export type Uploaded = { readonly file: Attachment; readonly isSent: boolean }

export class Carrying {
  readonly #files: Files | undefined

  constructor(files: Files | undefined) {
    this.#files = files
  }

  /** The file that a session has uploaded to a room. Rejects with `not_found` where there is none. */
  async find(id: unknown, room: string, session: Session | undefined): Promise<Uploaded> {
    const { token } = requireSession(session)
    const found = await this.#files?.find(parseFileId(id), room, token)
    if (found === undefined) throw noSuchFile()
    return found
  }

  /** Makes a file a message's; the undo says that the message was not kept. */
  async take({ file: { id }, isSent }: Uploaded, hasKey: boolean): Promise<Undo | undefined> {
    // With a key it may have been sent by way of another server.
    if (isSent && !hasKey) throw noSuchFile()
    await this.#files?.mark(id, true)
    return isSent ? undefined : () => void this.#files?.mark(id, false).catch(() => undefined)
  }

  /** What a message carried goes with it. */
  drop({ file }: Message): void {
    if (file !== undefined) this.#files?.remove(file.id).catch(() => undefined)
  }

  /** So does what all messages of a room carried up to a time (`Clock.date`). */
  dropAll(room: string, date: number): void {
    this.#files?.clear(room, date).catch(() => undefined)
  }
}

function noSuchFile(): ChatError {
  return new ChatError('not_found', 'this session has no such file to send in this room: upload it first')
}
