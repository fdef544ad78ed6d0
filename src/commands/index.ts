// The commands beside serving. A new one is a file and a line here.

import { exportMessages } from './export.js'
import { health } from './health.js'
import { importMessages } from './import.js'
import { join } from './join.js'
import { lesson } from './lesson.js'
import { repair } from './repair.js'
import { send } from './send.js'
import type { Subcommand } from './subcommand.js'
import { tail } from './tail.js'

export const SUBCOMMANDS: readonly Subcommand[] = [
  join,
  send,
  tail,
  exportMessages,
  importMessages,
  repair,
  health,
  lesson,
]
