// What can be said of a message that is there, each as one request: it is edited, removed, or an emoji is put under it.
// All need the session that sent the message, or for an emoji one that is in the room: its token is what /join gave.
//
//     const { token } = await join(platform, { url, path: '/join', body: { room, username } })
//     await edit({ url, token }, { room, of: 801, text: 'hello' })
//
// What comes of it is told to everybody by an entry of its own in the log, and `changed` applies such an entry to a message.

import { type Platform, defaultPlatform } from './platform.js'
import { call, send, type SendAnswer } from './wire.js'

export { changed, isChange } from '../core/rooms/change.js'

export type AmendOptions = {
  /** Where the server is, without a slash at the end. Default: where the page came from. */
  readonly url?: string
  /** The session's. */
  readonly token: string | undefined
  readonly platform?: Platform
  readonly signal?: AbortSignal | undefined
  /** Milliseconds after which the request counts as failed. */
  readonly timeoutMs?: number
}

/** The message that is spoken of. */
type About = { readonly room: string; readonly of: number }

/**
 * Gives a message another text; with a `key` a repeated request changes nothing. Throws `Refused`: `forbidden` where it is
 * another's, or its time is over.
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

/** Takes a message out of its room: one's own for a time, and any for a moderator. Throws `Refused`. */
export function remove(options: AmendOptions, { room, of }: About): Promise<SendAnswer> {
  return send(options.platform ?? defaultPlatform, { ...requestOf(options), path: '/remove', body: { room, id: of } })
}

/**
 * Puts one emoji under a message; `on: false` takes it back. Resolves with undefined where that is so already. It may take a
 * second, since those who react at one time are told together. Throws `Refused`.
 */
export async function react(
  options: AmendOptions,
  { room, of, text, on = true }: About & { readonly text: string; readonly on?: boolean },
): Promise<SendAnswer | undefined> {
  const request = { ...requestOf(options), path: '/react', body: { room, of, text, on } }
  return (await call(options.platform ?? defaultPlatform, request)) as SendAnswer | undefined
}

function requestOf({ url = '', token, signal, timeoutMs }: AmendOptions): Omit<Parameters<typeof call>[1], 'path'> {
  return { url, token, signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
}
