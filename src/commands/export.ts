// `mini-chat export`: all messages of a folder, a Redis or a PostgreSQL, one a line.

import { parseRoom } from '../core/rooms/message.js'
import { exportLines } from '../stores/journal/lines.js'
import { openShared, type Place, STORES, withPlace } from './place.js'
import { asUsage, given, HELP, type Io, type Subcommand, type Usage } from './subcommand.js'

const USAGE: Usage = {
  name: 'export',
  usage: 'DIR|--redis URL|--postgres URL [--room ROOM] > FILE',
  settings: [{ flag: 'room', short: 'r', value: 'ROOM', default: '', why: 'this room alone' }, ...STORES, HELP],
  about: [
    'Writes each message as one line of JSON, with the epoch of its log: of a folder in the order in which they came, of',
    'Redis and PostgreSQL room after room. Servers may be running.',
    '',
    '  mini-chat export chat --room lobby | jq -r .text',
    '  mini-chat export chat | mini-chat import --postgres postgres://localhost/mini_chat',
  ],
}

export const exportMessages: Subcommand = {
  name: 'export',
  summary: 'write all messages as lines of JSON: mini-chat export DIR|--redis URL|--postgres URL [--room ROOM]',
  run: (args, io) =>
    withPlace(USAGE, args, io, async (place, values) => {
      const name = given(values, 'room')
      const room = name === undefined ? undefined : asUsage(() => parseRoom(name))
      // A reader that has had enough, such as `head`, closes the pipe. That is no error.
      let closed = false
      io.stdout.once('error', () => (closed = true))
      for await (const lines of read(place, room, io)) {
        await new Promise<void>((resolve) => io.stdout.write(lines, () => resolve()))
        if (closed) return
      }
    }),
}

async function* read(place: Place, room: string | undefined, io: Io): AsyncGenerator<string> {
  if (place.kind === 'folder') return yield* exportLines(place.folder, room)
  const { linesOf } = await import('../stores/shared/lines.js')
  const store = await openShared(place, io)
  try {
    yield* linesOf(store, room === undefined ? (store.rooms?.() ?? []) : [room])
  } finally {
    await store.close()
  }
}
