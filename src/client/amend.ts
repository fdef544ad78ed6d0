// Changes to a message, each as one request: its author edits or removes it, and people in the room put an emoji
// under it. Each needs a session's token, which /join gives: the session that sent the message, or for an emoji one
// that is in the room.
//
//     const { token } = await join(platform, { url, path: '/join', body: { room, username } })
//     await edit({ url, token }, { room, of: 801, text: 'hello' })
//
// All readers are told by an entry in the log, and `changed` applies such an entry to the message.

import { type Platform, defaultPlatform } from './platform.js'
import { call, send, type SendAnswer } from './wire.js'

export { changed, isChange } from '../core/rooms/change.js'

export type AmendOptions = {
  /** The server's address, without a slash at the end. Default: where the page came from. */
  readonly url?: string
  /** The session's token. */
  readonly token: string | undefined
  readonly platform?: Platform
  readonly signal?: AbortSignal | undefined
  /** Milliseconds after which the request counts as failed. */
  readonly timeoutMs?: number
}

/** The message to change. */
type About = { readonly room: string; readonly of: number }

/**
 * Gives a message another text. With a `key` a repeated request changes nothing. Throws `Refused`: `forbidden` where
 * the message is another's, or too old.
 */
export function edit(
  options: AmendOptions,
  { room, of, text, key }: About & { readonly text: string; readonly key?: string },
): Promise<SendAnswer> {
  return send(options.platform ?? defaultPlatform, {
    ...requestOf(options),
    path: '/edit',
    body: { room, of, text, key },
  })
}

/** Takes a message out of its room: one's own for a time, any message for a moderator. Throws `Refused`. */
export function remove(options: AmendOptions, { room, of }: About): Promise<SendAnswer> {
  return send(options.platform ?? defaultPlatform, { ...requestOf(options), path: '/remove', body: { room, id: of } })
}

/**
 * Puts an emoji under a message; `on: false` takes it back. Resolves with undefined where it is so already. It may
 * take a second, because reactions that come at one time are told together. Throws `Refused`.
 */
export async function react(
  options: AmendOptions,
  { room, of, text, on = true }: About & { readonly text: string; readonly on?: boolean },
): Promise<SendAnswer | undefined> {
  const request = { ...requestOf(options), path: '/react', body: { room, of, text, on } }
  return (await call(options.platform ?? defaultPlatform, request)) as SendAnswer | undefined
}

/** What every request with a session has. */
export function requestOf({
  url = '',
  token,
  signal,
  timeoutMs,
}: AmendOptions): Omit<Parameters<typeof call>[1], 'path'> {
  return { url, token, signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
}
