// `mini-chat import`: reads the lines of an export into a folder, a Redis or a PostgreSQL.

import { createInterface } from 'node:readline'
import { NO_EPOCH } from '../core/rooms/cursor.js'
import { ChatError } from '../core/errors.js'
import { systemClock } from '../platform.js'
import { type Line, parseLine } from '../stores/journal/lines.js'
import { type Keeper, openKeeper, STORES, withPlace } from './place.js'
import { HELP, type Subcommand, type Usage } from './subcommand.js'

const USAGE: Usage = {
  name: 'import',
  usage: 'DIR|--redis URL|--postgres URL < FILE',
  settings: [...STORES, HELP],
  about: [
    'Reads messages from its input, one a line as `mini-chat export` writes them, and keeps them in the folder, which',
    'is made if it is not there, or in the Redis or the PostgreSQL. Messages that are there already add nothing, so an',
    'import that was cut off can be run again. Lines without id and epoch are new messages:',
    '{"room":"lobby","username":"ada","text":"hi"}',
    'No server may be running on the folder. A server on Redis keeps a long past only with --keep: without it the next',
    'message in a room leaves the newest of --ring.',
  ],
}

/** At most so many lines are on their way to the store at one time. */
const WINDOW = 2000

export const importMessages: Subcommand = {
  name: 'import',
  summary: 'read such lines: mini-chat import DIR|--redis URL|--postgres URL < FILE',
  run: (args, io) =>
    withPlace(
      USAGE,
      args,
      io,
      async (place) => {
        const keeper = await openKeeper(place, io)
        const word = place.kind === 'folder' ? 'folder' : 'store'
        try {
          const lines = createInterface({ input: io.stdin, crlfDelay: Infinity })
          const { added, known } = await importLines(keeper, word, lines)
          io.stdout.write(`${added} messages added, ${known} were there already\n`)
        } finally {
          await keeper.close()
        }
      },
      { mayBeNew: true },
    ),
}

async function importLines(
  keeper: Keeper,
  word: string,
  lines: AsyncIterable<string>,
): Promise<{ added: number; known: number }> {
  const ends = new Map<string, { epoch: string; id: number }>()
  const waiting: Promise<unknown>[] = []
  let [number, added, known, isNew] = [0, 0, 0, false]
  for await (const text of lines) {
    number++
    if (text.trim() === '') continue
    const { draft, given } = attempt(number, () => parseLine(text, systemClock.date()))
    const end = ends.get(draft.room) ?? (await keeper.endOf(draft.room))
    if (attempt(number, () => isThere(draft.room, given, end, word))) {
      known++
      continue
    }
    // New messages, and messages with a place, are sent in two ways, and one way does not wait for the other.
    if (waiting.length >= WINDOW || isNew !== (given === undefined)) await Promise.all(waiting.splice(0))
    isNew = given === undefined
    // The epoch of a new log is not known yet, so no line that names one may follow.
    ends.set(draft.room, given ?? { epoch: end.epoch === NO_EPOCH ? 'new' : end.epoch, id: end.id + 1 })
    const kept = Promise.resolve(given === undefined ? keeper.append(draft.room, draft) : keeper.restore(draft, given))
    // An error is reported where all of them are awaited.
    kept.catch(() => undefined)
    waiting.push(kept)
    added++
  }
  await Promise.all(waiting)
  return { added, known }
}

/** Is this message kept already? Throws when it belongs to another log of its room. */
function isThere(room: string, given: Line['given'], end: { epoch: string; id: number }, word: string): boolean {
  if (given === undefined || end.epoch === NO_EPOCH || (end.id === 0 && word === 'store')) return false
  if (given.epoch === end.epoch) return given.id <= end.id
  throw new ChatError('bad_request', `the ${word} has another log of the room ${room}: import into an empty ${word}`)
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
