// Every route, a line each.

import type { Route } from '../route.js'
import { admin } from './admin.js'
import { clear } from './clear.js'
import { close } from './close.js'
import { events } from './events.js'
import { health, ready } from './health.js'
import { history } from './history.js'
import { join } from './join.js'
import { leave } from './leave.js'
import { login } from './login.js'
import { metrics } from './metrics.js'
import { mute } from './mute.js'
import { poll } from './poll.js'
import { remove } from './remove.js'
import { members, rooms } from './rooms.js'
import { send } from './send.js'
import { stats } from './stats.js'
import { typing } from './typing.js'

export const ROUTES: readonly Route[] = [
  poll,
  events,
  send,
  join,
  leave,
  typing,
  history,
  rooms,
  members,
  health,
  ready,
  stats,
  metrics,
  login,
  admin,
  mute,
  remove,
  close,
  clear,
]
