// Parses what PostgreSQL answers. Code behind this trusts the values.

import { withParts } from '../../core/rooms/change.js'
import type { Message } from '../../core/rooms/message.js'
import type { Batch, Listed } from '../shared/batch.js'
import type { News, Place } from '../shared/follower.js'

export type Row = Readonly<Record<string, unknown>>

/** Asks on one connection. */
export type Ask = (text: string) => Promise<readonly Row[]>

/** `known`: the mark of the message whose id the caller gave. */
export type ListedAfter = Listed & { readonly known: string | undefined }

export function parseBatch([row]: readonly Row[]): Batch {
  return row?.['batch'] as Batch
}

/** Undefined where there is no log. */
export function parseListed([row]: readonly Row[]): ListedAfter | undefined {
  if (row === undefined) return undefined
  const { first, known, messages } = row
  return {
    ...parsePlace(row),
    first: Number(first),
    known: typeof known === 'string' ? known : undefined,
    messages: (messages as readonly Message[]).map(asMessage),
  }
}

/** A message with its reactions sorted. */
function asMessage(message: Message): Message {
  return message.reactions === undefined ? message : withParts(message, {})
}

export function parsePlace({ epoch, id, mark }: Row): Place {
  return { epoch: String(epoch), id: Number(id), mark: String(mark) }
}

/** `ROOM EPOCH ID MARK`: the text of a notification. The messages themselves are read from the log. */
export function notificationOf(room: string, { epoch, id, mark }: Place): string {
  return `${room} ${epoch} ${id} ${mark}`
}

export function parseNotification(payload: string): { room: string; news: News } {
  const [room = '', epoch = '', id = '', mark = ''] = payload.split(' ')
  return { room, news: { epoch, id: Number(id), mark, before: '', entries: () => [] } }
}
