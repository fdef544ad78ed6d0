// Every scenario, in the order of the table.

import type { Scenario } from '../scenario.js'
import { backlog } from './backlog.js'
import { events } from './events.js'
import { fanout } from './fanout.js'
import { open } from './open.js'
import { parked } from './parked.js'
import { rooms } from './rooms.js'
import { send } from './send.js'

export const SCENARIOS: readonly Scenario[] = [
  fanout(100),
  fanout(1000),
  fanout(10_000),
  events(1000),
  events(10_000),
  open({ readers: 1000, perSecond: 5, seconds: 10, figure: 'ms p50' }),
  open({ readers: 1000, perSecond: 100, seconds: 10, figure: 'deliveries/s' }),
  open({ readers: 1000, perSecond: 300, seconds: 20, figure: 'deliveries/s' }),
  open({ readers: 1000, perSecond: 1000, seconds: 10, figure: 'deliveries/s' }),
  open({ readers: 1000, perSecond: 300, seconds: 10, figure: 'deliveries/s', withStreams: true }),
  open({ readers: 1000, perSecond: 1000, seconds: 10, figure: 'deliveries/s', withStreams: true }),
  rooms,
  send,
  backlog,
  parked(18_000),
  parked(18_000, 5),
]
