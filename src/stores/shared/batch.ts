// What the stores that keep their log elsewhere have in common: the results of a batch of messages that was sent
// there, and of a page that was read.
//
//     items ──> the log ──> outcomes ──> results for the senders, and news for the subscribers

import { NO_EPOCH } from '../../core/rooms/cursor.js'
import type { Draft, Message } from '../../core/rooms/message.js'
import type { Appended, History } from '../../core/rooms/store.js'
import type { Follower, Found, Marked, News } from './follower.js'

/** `once`: add the message only if its key was not used before. */
export type Item = { readonly draft: Draft; readonly once: boolean }

/**
 * The outcome of a batch: the log's epoch, the mark before its first message, and for each item its id or an earlier
 * message.
 */
export type Batch = {
  readonly epoch: string
  readonly before: string
  readonly outcomes: readonly (number | Message)[]
}

/** One result for each item, in their order. `news`: the messages that were added, if any were. */
export type Settled = { readonly results: readonly Appended[]; readonly news: News | undefined }

/** A list of a log's messages, with its ends. */
export type Listed = Found & { readonly first: number }

/** `marks`: the marks of the items, in their order. */
export function settle(items: readonly Item[], marks: readonly string[], batch: Batch): Settled {
  const { epoch, before, outcomes } = batch
  const entries: Marked[] = []
  const results = items.map(({ draft }, i): Appended => {
    const outcome = outcomes[i]
    if (outcome === undefined) throw new Error('the store gave too few results')
    if (typeof outcome !== 'number') return { message: outcome, epoch, replayed: true }
    const message = { id: outcome, ...draft }
    entries.push({ mark: marks[i] ?? '', message })
    return { message, epoch }
  })
  const last = entries.at(-1)
  if (last === undefined) return { results, news: undefined }
  return { results, news: { epoch, id: last.message.id, mark: last.mark, before, entries: () => entries } }
}

/**
 * Delivers here the new messages of a batch, and those of other processes before them, before any sender is told that
 * its message is kept.
 */
export async function deliverHere(follower: Follower | undefined, { results, news }: Settled): Promise<void> {
  if (follower === undefined) return
  if (news !== undefined) await follower.hear(news)
  if (results.some(({ message, replayed }) => replayed === true && message.id > follower.place.id))
    await follower.catchUp()
}

/** A clear travels without other messages. */
export function isClear({ draft }: Item): boolean {
  return draft.type === 'clear'
}

/** A page that was asked for `after` an id, or before one. `listed` is undefined where there is no log. */
export function pageOf(listed: Listed | undefined, after: number | undefined): History {
  if (listed === undefined) return { messages: [], epoch: NO_EPOCH, first: 0, last: 0, more: false }
  const { epoch, id, messages } = listed
  const first = id === 0 ? 0 : listed.first
  const [oldest, newest] = [messages[0]?.id ?? 0, messages.at(-1)?.id ?? id]
  const more = messages.length > 0 && (after === undefined ? oldest > first : newest < id)
  return { messages, epoch, first, last: id, more }
}
