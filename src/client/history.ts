// A page of a room's past, or of what was said there with some words, as one request.
//
//     let before
//     do {
//       const { messages, more, searched } = await history({ url }, { room: 'lobby', q: 'exam', before })
//       before = more ? searched : undefined
//     } while (before !== undefined)

import { type Platform, defaultPlatform } from './platform.js'
import { call, type Message, type Shown } from './wire.js'

export type HistoryOptions = Shown & {
  /** Where the server is, without a slash at the end. Default: where the page came from. */
  readonly url?: string
  readonly platform?: Platform
  readonly signal?: AbortSignal | undefined
  /** Milliseconds after which the request counts as failed. */
  readonly timeoutMs?: number
}

/** Which part of the past. `before` and `after` are ids, both exclusive; `from` is a time; one of the three, or the newest. */
export type PastOf = {
  readonly room: string
  readonly before?: number | undefined
  readonly after?: number | undefined
  readonly from?: number | undefined
  readonly limit?: number | undefined
  /** Only what was said with all of these words. */
  readonly q?: string | undefined
}

/** `first` and `last`: of all that can be had. `searched`: with `q`, where the next request goes on while `more` is true. */
export type HistoryAnswer = {
  readonly messages: readonly Message[]
  readonly epoch: string
  readonly first: number
  readonly last: number
  readonly more: boolean
  readonly searched?: number
}

/** Throws `Refused`, or an error for a lost connection. */
export async function history(options: HistoryOptions, past: PastOf): Promise<HistoryAnswer> {
  const { platform = defaultPlatform, url = '', ...rest } = options
  const query = Object.entries(past).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return parseHistory(await call(platform, { ...rest, url, path: `/history?${query.join('&')}` }))
}

/** What `GET /history` answers. */
export function parseHistory(value: unknown): HistoryAnswer {
  if (typeof value === 'object' && value !== null && 'messages' in value && Array.isArray(value.messages))
    return value as HistoryAnswer
  throw new Error('this is no answer of mini-chat')
}
