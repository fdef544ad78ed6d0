// `mini-chat export`: everything that a folder keeps, one message a line.

import { parseRoom } from '../core/rooms/message.js'
import { exportLines } from '../stores/journal/lines.js'
import { withFolder } from './folder.js'
import { asUsage, given, HELP, type Subcommand, type Usage } from './subcommand.js'

const USAGE: Usage = {
  name: 'export',
  usage: 'DIR [--room ROOM] > FILE',
  settings: [{ flag: 'room', short: 'r', value: 'ROOM', default: '', why: 'this room alone' }, HELP],
  about: [
    'Writes each message of the folder as one line of JSON, with the epoch of its log, in the order in which they came.',
    'A server may be running on the folder.',
    '',
    '  mini-chat export chat --room lobby | jq -r .text',
  ],
}

export const exportMessages: Subcommand = {
  name: 'export',
  summary: 'write all messages of a folder as lines of JSON: mini-chat export DIR [--room ROOM]',
  run: (args, io) =>
    withFolder(USAGE, args, io, async ({ folder, values }) => {
      const name = given(values, 'room')
      const room = name === undefined ? undefined : asUsage(() => parseRoom(name))
      // A reader that has had enough, such as `head`, closes the pipe: that is no fault.
      let closed = false
      io.stdout.once('error', () => (closed = true))
      for (const lines of exportLines(folder, room)) {
        await new Promise<void>((resolve) => io.stdout.write(lines, () => resolve()))
        if (closed) return
      }
    }),
}
