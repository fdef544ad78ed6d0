// A change: a later message that names an earlier one with `of`, and what it makes of it.
//
//     12  chat      "helo"                                    12  chat      "hello", edited, 👍 ada
//     13  edit      of 12, "hello"        ── applied ──>      13  edit      of 12, "hello"
//     14  reaction  of 12, "👍", ada                          14  reaction  of 12, "👍", ada
//
// Rings and stores give the earlier message as it is now, so that a reader of any page of the past needs no later
// page. The changes keep their places, because ids are dense. An edit whose text is no longer the newest becomes
// `removed`.
//
// Applying a change twice makes no difference, and the reactions of a message have one order, whatever order they
// came in. A reader who is given a message as it is now, and then the changes that made it so, ends with the same
// message.

import { ChatError } from '../errors.js'
import { type Message, type Reaction, removed } from './message.js'

/** The most different emoji under a message, and the most reactions in all. */
export const REACTION_KINDS = 12
export const REACTION_PEOPLE = 300

/** The longest input that is looked at. The longest emoji has half as many UTF-16 units. */
const RAW_EMOJI_UNITS = 64

/** UTS #51, RGI emoji. It is a string, because the flag `v` is newer than the language that is compiled to. */
const EMOJI = new RegExp('^\\p{RGI_Emoji}$', 'v')

/** Behind an older character, such as a heart, this asks for its emoji form. */
const AS_EMOJI = '\ufe0f'

/** Does a message of this type change an earlier one? */
export function isChange(type: string): boolean {
  return type === 'edit' || type === 'delete' || type === 'reaction'
}

/** Exactly one emoji, with `U+FE0F` where it needs that. */
export function parseEmoji(value: unknown): string {
  if (typeof value === 'string' && value.length <= RAW_EMOJI_UNITS) {
    if (EMOJI.test(value)) return value
    if (EMOJI.test(value + AS_EMOJI)) return value + AS_EMOJI
  }
  throw new ChatError('bad_request', 'text is exactly one emoji, such as 👍')
}

/** The people that a reaction speaks of. */
export function peopleOf({ by, username }: Pick<Message, 'by' | 'username'>): readonly string[] {
  return by ?? [username]
}

/** A message as it is after a change; the very same object where nothing changes. */
export function changed(before: Message, change: Message): Message {
  if (change.of !== before.id || before.id >= change.id) return before
  if (change.type === 'delete') return removed(before)
  if (before.type !== 'chat') return before
  if (change.type === 'edit') return withParts(before, { text: change.text, edited: change.timestamp })
  return change.type === 'reaction' ? react(before, change) : before
}

/** The messages of a log that a ring or a store holds. */
type Held = { get(id: number): Message | undefined; slice(from: number, to: number): readonly Message[] }

/**
 * The messages that are different after a change, as they are then. An earlier edit may still be held when its own message
 * is not.
 */
export function changesOf(held: Held, change: Message): Message[] {
  const { of, type, id } = change
  if (of === undefined || !isChange(type)) return []
  const before = held.get(of)
  const after = before === undefined ? undefined : changed(before, change)
  if (before !== undefined && after === before) return []
  const now = after === undefined ? [] : [after]
  if (type === 'reaction' || (before !== undefined && before.edited === undefined)) return now
  const stale = held.slice(of + 1, id - 1).filter((other) => other.type === 'edit' && other.of === of)
  return [...now, ...stale.map(removed)]
}

function react(before: Message, change: Message): Message {
  const { text, on } = change
  const reactions = before.reactions ?? []
  const had = reactions.find((reaction) => reaction.text === text)?.by ?? []
  const people = peopleOf(change)
  const left = on !== false ? [...new Set([...had, ...people])] : had.filter((name) => !people.includes(name))
  if (left.length === had.length) return before
  const others = reactions.filter((reaction) => reaction.text !== text)
  return withParts(before, { reactions: left.length === 0 ? others : [...others, { text, by: left }] })
}

/** A message with other parts, in the order of the wire: `timestamp` and `key` last, and its reactions sorted. */
export function withParts(before: Message, parts: Partial<Message>): Message {
  const { timestamp, key, reactions, ...rest } = { ...before, ...parts }
  const some = reactions === undefined || reactions.length === 0 ? {} : { reactions: sorted(reactions) }
  return { ...rest, ...some, timestamp, ...(key === undefined ? {} : { key }) }
}

/** Sorts reactions, so that they have one order everywhere. */
export function sorted(reactions: readonly Reaction[]): Reaction[] {
  return reactions
    .map(({ text, by }) => ({ text, by: by.toSorted(compare) }))
    .toSorted((a, b) => compare(a.text, b.text))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
