// `mini-chat import`: reads the lines of an export into a folder.

import { createInterface } from 'node:readline'
import { NO_EPOCH } from '../core/rooms/cursor.js'
import { ChatError } from '../core/errors.js'
import { createLogger } from '../log.js'
import { systemClock, systemRandom } from '../platform.js'
import { type Journal, openJournal } from '../stores/journal.js'
import { type Line, parseLine } from '../stores/journal/lines.js'
import { withFolder } from './folder.js'
import { HELP, type Subcommand, type Usage } from './subcommand.js'

const USAGE: Usage = {
  name: 'import',
  usage: 'DIR < FILE',
  settings: [HELP],
  about: [
    'Reads messages from its input, one a line as `mini-chat export` writes them, and keeps them in the folder, which',
    'is made if it is not there. Messages that the folder has already add nothing, so an import that was cut off can',
    'be run again. Lines without id and epoch are new messages: {"room":"lobby","username":"ada","text":"hi"}',
    'The server must not be running.',
  ],
}

/** So many lines are on their way to the disk at one time. */
const WINDOW = 2000

export const importMessages: Subcommand = {
  name: 'import',
  summary: 'read such lines into a folder: mini-chat import DIR < FILE',
  run: (args, io) =>
    withFolder(
      USAGE,
      args,
      io,
      async ({ folder }) => {
        const log = createLogger({ format: 'text', quiet: false, output: io.stderr })
        const options = {
          folder,
          recent: 1,
          keepMs: undefined,
          keepBytes: undefined,
          clock: systemClock,
          random: systemRandom,
          log,
        }
        const journal = await openJournal({ ...options, sync: 'everysec' })
        try {
          const { added, known } = await importLines(journal, createInterface({ input: io.stdin, crlfDelay: Infinity }))
          io.stdout.write(`${added} messages added, ${known} were there already\n`)
        } finally {
          await journal.close()
        }
      },
      { mayBeNew: true },
    ),
}

async function importLines(journal: Journal, lines: AsyncIterable<string>): Promise<{ added: number; known: number }> {
  const ends = new Map<string, { epoch: string; id: number }>()
  const waiting: Promise<unknown>[] = []
  let [number, added, known] = [0, 0, 0]
  for await (const text of lines) {
    number++
    if (text.trim() === '') continue
    const { draft, given } = attempt(number, () => parseLine(text, systemClock.date()))
    const end = ends.get(draft.room) ?? journal.endOf(draft.room)
    if (attempt(number, () => isThere(draft.room, given, end))) {
      known++
      continue
    }
    // Which epoch a new log will have is not known yet, so no line that names one may follow.
    ends.set(draft.room, given ?? { epoch: end.epoch === NO_EPOCH ? 'new' : end.epoch, id: end.id + 1 })
    waiting.push(given === undefined ? journal.append(draft.room, draft) : journal.restore(draft, given))
    added++
    if (waiting.length >= WINDOW) await Promise.all(waiting.splice(0))
  }
  await Promise.all(waiting)
  return { added, known }
}

/** Is this message kept already? Throws when it belongs to another log of its room. */
function isThere(room: string, given: Line['given'], end: { epoch: string; id: number }): boolean {
  if (given === undefined || end.epoch === NO_EPOCH) return false
  if (given.epoch === end.epoch) return given.id <= end.id
  throw new ChatError('bad_request', `the folder has another log of the room ${room}: import into an empty folder`)
}

function attempt<T>(number: number, call: () => T): T {
  try {
    return call()
  } catch (error) {
    const sentence = error instanceof ChatError ? error.message : 'this is no JSON'
    throw new ChatError(
      'bad_request',
      `line ${number}: ${sentence}; the lines before it are kept, so correct it and import again`,
    )
  }
}
