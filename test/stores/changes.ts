// A part of the contract of stores: messages that change earlier ones, against a naive model, a list to which each
// change is applied as it comes.

import fc from 'fast-check'
import type { Draft, Message } from '../../src/core/rooms/message.js'

export type Step =
  | { readonly kind: 'chat'; readonly text: string }
  | { readonly kind: 'edit'; readonly at: number; readonly text: string }
  | { readonly kind: 'delete'; readonly at: number }
  | {
      readonly kind: 'reaction'
      readonly at: number
      readonly emoji: string
      readonly by: readonly string[]
      readonly on: boolean
    }

const at = fc.nat(40)
const NAMES = ['ada', 'bob', 'Zoë', 'émile']
const EMOJI = ['👍', '❤️', '🎉', '✋']

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('chat' as const),
        text: fc.string({ minLength: 1, unit: 'binary' }).map(plain),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('edit' as const), at, text: fc.string({ minLength: 1 }).map(plain) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), at }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('reaction' as const),
        at,
        emoji: fc.constantFrom(...EMOJI),
        by: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }),
        on: fc.boolean(),
      }),
    },
  ),
  { minLength: 1, maxLength: 40 },
)

function plain(text: string): string {
  return text.replace(/[\p{Cs}\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '.').normalize('NFC')
}

/** The history that the steps make, and the drafts that make it. A change that would speak of no chat message is left out. */
export class Model {
  readonly messages: Message[] = []
  readonly drafts: Draft[] = []

  constructor(all: readonly Step[], room = 'lobby') {
    for (const [i, step] of all.entries()) this.#add(step, room, 1_763_635_200_000 + i)
  }

  #add(step: Step, room: string, timestamp: number): void {
    const chats = this.messages.filter(({ type }) => type === 'chat')
    if (step.kind === 'chat') {
      this.#put({ room, type: 'chat', username: 'ada', text: step.text, timestamp })
      return
    }
    const target = chats[step.at % Math.max(1, chats.length)]
    if (target === undefined) return
    const of = target.id
    const index = of - 1
    if (step.kind === 'edit') {
      this.#takeOutEdits(of)
      this.messages[index] = { ...target, text: step.text, edited: timestamp }
      this.#put({ room, type: 'edit', username: 'ada', text: step.text, of, timestamp })
    } else if (step.kind === 'delete') {
      this.#takeOutEdits(of)
      this.messages[index] = blank(target)
      this.#put({ room, type: 'delete', username: 'ada', text: 'removed', of, timestamp })
    } else {
      const { emoji, by, on } = step
      const before = new Map(target.reactions?.map((reaction) => [reaction.text, new Set(reaction.by)]))
      const people = before.get(emoji) ?? new Set()
      for (const name of by) {
        if (on) people.add(name)
        else people.delete(name)
      }
      before.set(emoji, people)
      const reactions = [...before]
        .filter(([, names]) => names.size > 0)
        .map(([text, names]) => ({ text, by: [...names].toSorted() }))
        .toSorted((a, b) => (a.text < b.text ? -1 : 1))
      const { reactions: _, ...rest } = target
      this.messages[index] = { ...rest, ...(reactions.length === 0 ? {} : { reactions }) }
      const several = by.length > 1 ? { by } : {}
      const back = on ? {} : { on: false as const }
      this.#put({ room, type: 'reaction', username: by[0] ?? '', text: emoji, of, timestamp, ...several, ...back })
    }
  }

  #put(draft: Draft): void {
    this.drafts.push(draft)
    this.messages.push({ id: this.messages.length + 1, ...draft })
  }

  #takeOutEdits(of: number): void {
    for (const [i, message] of this.messages.entries())
      if (message.type === 'edit' && message.of === of) this.messages[i] = blank(message)
  }
}

function blank({ id, room, username, timestamp }: Message): Message {
  return { id, room, type: 'removed', username, text: 'removed', timestamp }
}
