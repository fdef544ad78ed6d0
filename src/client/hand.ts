// A hand that goes up in a room, so that a teacher sees who asks for the word, and in which order.
//
//     await hand({ url, token }, { room })                  it is up
//     await hand({ url, token }, { room, up: false })       it is down; with `username` a moderator puts another's down

import { type AmendOptions, requestOf } from './amend.js'
import { defaultPlatform } from './platform.js'
import { call } from './wire.js'

/** Throws `Refused`. */
export async function hand(
  options: AmendOptions,
  { room, up = true, username }: { readonly room: string; readonly up?: boolean; readonly username?: string },
): Promise<void> {
  await call(options.platform ?? defaultPlatform, {
    ...requestOf(options),
    path: '/hand',
    body: { room, up, username },
  })
}
