// `mini-chat repair`: takes damaged parts out of a journal, and keeps a copy.

import { systemClock } from '../platform.js'
import { takeLock } from '../stores/journal/lock.js'
import { repairFolder } from '../stores/journal/repair.js'
import { withFolder } from './folder.js'
import { HELP, type Subcommand, type Usage } from './subcommand.js'

const USAGE: Usage = {
  name: 'repair',
  usage: 'DIR',
  settings: [HELP],
  about: [
    'Keeps every whole message of the folder that a server was started with as --data. What is damaged is taken out,',
    'and each file it was taken out of is kept beside it as it was. The server must not be running.',
  ],
}

export const repair: Subcommand = {
  name: 'repair',
  summary: 'take out of a folder of messages what is damaged: mini-chat repair DIR',
  run: (args, io) =>
    withFolder(USAGE, args, io, async ({ folder }) => {
      const lock = await takeLock(folder)
      try {
        const repaired = repairFolder(folder, systemClock.date())
        if (repaired.length === 0) io.stdout.write('nothing to repair: every message is whole\n')
        for (const { path, copy, holes } of repaired) {
          for (const { offset, bytes } of holes) io.stdout.write(`${path}: took out ${bytes} bytes at byte ${offset}\n`)
          io.stdout.write(`${path}: repaired; as it was it is kept in ${copy}\n`)
        }
      } finally {
        lock.release()
      }
    }),
}
