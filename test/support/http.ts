// The chat over HTTP, as a client that knows the contract says it.

import { ask, type RawAnswer, type RawRequest } from './raw.js'

export type Json = Readonly<Record<string, unknown>>

export type Polled = {
  readonly messages: readonly {
    readonly id: number
    readonly room: string
    readonly username: string
    readonly text: string
    readonly type: string
    readonly key?: string
    readonly timestamp: number
  }[]
  readonly next: string
  readonly more: boolean
  readonly gaps: readonly {
    readonly room: string
    readonly reason: string
    readonly missed: number | null
    readonly first: number
  }[]
  readonly rooms?: Readonly<Record<string, { readonly members: readonly string[]; readonly typing: readonly string[] }>>
  readonly retry?: number
  readonly now: number
}

/** The body of an answer as JSON. */
export function parse<T = Json>(answer: RawAnswer): T {
  return JSON.parse(answer.body)
}

export function bearer(token: unknown): Record<string, string> {
  return { Authorization: `Bearer ${String(token)}` }
}

/** A POST of JSON. */
export function post(path: string, value: unknown, headers: Record<string, string | undefined> = {}): RawRequest {
  return {
    method: 'POST',
    path,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(value),
  }
}

export async function send(
  port: number,
  room: string,
  username: string,
  text: string,
  more: Json = {},
): Promise<RawAnswer> {
  return ask(port, post('/send', { room, username, text, ...more }))
}

/** Joins, and answers the token. */
export async function join(port: number, room: string, username: string): Promise<string> {
  const answer = await ask(port, post('/join', { room, username }))
  if (answer.status !== 201) throw new Error(`could not join: ${answer.body}`)
  return String(parse(answer)['token'])
}

/** A poll that must be answered with 200. */
export async function poll(port: number, query: string, headers: Record<string, string> = {}): Promise<Polled> {
  const answer = await ask(port, { path: `/poll?${query}`, headers })
  if (answer.status !== 200) throw new Error(`the poll was refused: ${answer.body}`)
  return parse<Polled>(answer)
}
