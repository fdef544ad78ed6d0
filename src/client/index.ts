// The client, as the package shows it: `mini-chat/client`.

export { type AmendOptions, changed, edit, isChange, react, remove } from './amend.js'
export { backoffMs } from './backoff.js'
export type { Credentials } from './credentials.js'
export type { EntryOptions } from './entry.js'
export { follow, type FollowEvent, type Following, type FollowOptions } from './follow.js'
export { hand } from './hand.js'
export { history, type HistoryAnswer, type HistoryOptions, type PastOf } from './history.js'
export { Outbox, type OutboxOptions, type OutboxStorage, type Pending } from './outbox.js'
export { type Platform, defaultPlatform } from './platform.js'
export {
  call,
  type Gap,
  join,
  type JoinAnswer,
  type Message,
  poll,
  type PollAnswer,
  type PresenceState,
  Refused,
  send,
  type SendAnswer,
} from './wire.js'
