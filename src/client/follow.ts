// Follows rooms, with all the ways in.
//
//     for await (const event of follow({ url: 'http://localhost:8000', rooms: ['lobby'] })) {
//       if (event.kind === 'message') console.log(event.message.username, event.message.text)
//     }

import { openEntry } from './credentials-entry.js'
import { type Following, type FollowOptions, Loop } from './loop.js'

export type { FollowEvent, Following, FollowOptions } from './loop.js'

/** Starts with the first iteration. Throws `Refused` while iterating when the server refuses for good. */
export function follow(options: FollowOptions): Following {
  return new Loop(options, openEntry(options))
}
