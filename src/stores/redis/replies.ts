// Parses what Redis answers and publishes. Code behind this trusts the values.

import { withParts } from '../../core/rooms/change.js'
import { type Message, removed } from '../../core/rooms/message.js'
import type { Batch, Listed } from '../shared/batch.js'
import type { Marked, News, Place } from '../shared/follower.js'

export function parseBatch(reply: unknown): Batch {
  const [epoch, before, ...outcomes] = arrayOf(reply)
  return {
    epoch: textOf(epoch),
    before: textOf(before),
    outcomes: outcomes.map((outcome) => (typeof outcome === 'number' ? outcome : messageOf(textOf(outcome)))),
  }
}

/** Undefined where there is no log. */
export function parseListed(reply: unknown): Listed | undefined {
  const [epoch, id, mark, first, entries, changes] = arrayOf(reply)
  if (epoch === undefined) return undefined
  const messages = arrayOf(entries).map((entry) => messageOf(textOf(arrayOf(arrayOf(entry)[1])[1])))
  // Only a few messages were changed.
  const changed = arrayOf(changes).map(textOf)
  for (const text of changed) messages.push(changedOf(text.slice(text.indexOf('{'))))
  if (changed.length > 0) messages.sort((a, b) => a.id - b.id)
  return { epoch: textOf(epoch), id: numberOf(id), mark: textOf(mark), first: numberOf(first), messages }
}

/**
 * `EPOCH ID MARK BEFORE`, and a line for each message: its mark and its JSON. The messages are parsed only when they
 * are needed.
 */
export function parseNews(text: string): News {
  const end = text.indexOf('\n')
  const [epoch = '', id = '', mark = '', before = ''] = (end < 0 ? text : text.slice(0, end)).split(' ')
  const entries = (): Marked[] => {
    if (end < 0) return []
    return text
      .slice(end + 1)
      .split('\n')
      .map((line) => {
        const at = line.indexOf('{')
        return { mark: line.slice(0, at), message: messageOf(line.slice(at)) }
      })
  }
  return { epoch, id: Number(id), mark, before, entries }
}

/** News in the form in which they are published; `parseNews` reads them. */
export function newsOf({ epoch, id, mark, before, entries }: News): string {
  const lines = entries().map(({ mark: its, message }) => `\n${its}${JSON.stringify(message)}`)
  return `${epoch} ${id} ${mark} ${before}${lines.join('')}`
}

/** The answer of `HMGET epoch id mark`; undefined where there is no log. */
export function parsePlace(reply: unknown): Place | undefined {
  const [epoch, id, mark] = arrayOf(reply)
  return typeof epoch === 'string' ? { epoch, id: Number(id), mark: textOf(mark) } : undefined
}

/** The answer of `CONFIG GET` or `HGETALL`: values by name. */
export function parsePairs(reply: unknown): Map<string, string> {
  const words = arrayOf(reply).map(textOf)
  return new Map(words.flatMap((word, i) => (i % 2 === 0 ? [[word, words[i + 1] ?? '']] : [])))
}

export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function numberOf(value: unknown): number {
  return Number(value)
}

/** A changed message as it is now. */
function changedOf(json: string): Message {
  const { edit: _, ...message } = JSON.parse(json) as Message & { edit?: number }
  return message.text === '' ? removed(message) : withParts(message, {})
}

function messageOf(json: string): Message {
  return JSON.parse(json) as Message
}
