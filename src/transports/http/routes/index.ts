// Every route, a file a resource.

import type { Route } from '../route.js'
import { addresses } from './addresses.js'
import { edit, react } from './amending.js'
import { admin, login } from './auth.js'
import { events } from './events.js'
import { download, upload } from './files.js'
import { history } from './history.js'
import { clear, close, mute, remove, slow } from './moderation.js'
import { hand, join, leave, typing } from './people.js'
import { poll } from './poll.js'
import { members, rooms } from './rooms.js'
import { send } from './send.js'
import { health, metrics, ready, stats } from './status.js'

export const ROUTES: readonly Route[] = [
  poll,
  events,
  send,
  edit,
  react,
  join,
  leave,
  typing,
  hand,
  history,
  upload,
  download,
  rooms,
  members,
  health,
  ready,
  addresses,
  stats,
  metrics,
  login,
  admin,
  mute,
  remove,
  close,
  slow,
  clear,
]
