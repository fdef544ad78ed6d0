// The place of the messages for `import` and `export`: the folder of --data, a Redis, or a PostgreSQL. Each keeps a
// message in the place that it had in another store, so people move from one to another without loss.

import { parsePostgres, parseRedis } from '../command.js'
import { SETTINGS } from '../config.js'
import type { Draft } from '../core/rooms/message.js'
import type { Store } from '../core/rooms/store.js'
import { type Setting, UsageError, type Values } from '../flags.js'
import { createLogger } from '../log.js'
import { systemClock, systemRandom } from '../platform.js'
import { openJournal } from '../stores/journal.js'
import { finish, requireFolder } from './folder.js'
import { given, type Io, readUsage, type Usage } from './subcommand.js'

type End = { readonly epoch: string; readonly id: number }

/** Takes messages that come from elsewhere. */
export type Keeper = Pick<Store, 'append' | 'close'> & {
  /** The end of a room's log; for a room without a log id 0, in no epoch. */
  endOf(room: string): End | Promise<End>
  /** Keeps a message in the place that it had. */
  restore(draft: Draft, place: End): Promise<unknown>
}

const WHY = {
  redis: 'a Redis in place of a folder; needs the package redis',
  postgres: 'a PostgreSQL in place of a folder; needs the package pg',
}

type Shared = { readonly kind: 'redis' | 'postgres'; readonly url: string }

export type Place = { readonly kind: 'folder'; readonly folder: string } | Shared

/** The server's flags without their variables: each command says what is moved where. */
export const STORES: readonly Setting[] = SETTINGS.filter((row) => row.flag === 'redis' || row.flag === 'postgres').map(
  ({ flag, value, alone }) => ({ flag, value, alone, default: '', why: WHY[flag] }),
)

/** Reads the arguments and does the work; answers the exit code. `mayBeNew`: the folder may be missing. */
export async function withPlace(
  usage: Usage,
  args: readonly string[],
  io: Io,
  work: (place: Place, values: Values) => Promise<void>,
  { mayBeNew = false } = {},
): Promise<number> {
  const read = readUsage(usage, args, io)
  if (read === undefined) return 0
  const place = placeOf(usage.name, read.values, read.words)
  return finish(io, async () => {
    if (place.kind === 'folder' && !mayBeNew) requireFolder(place.folder)
    await work(place, read.values)
  })
}

function placeOf(name: string, values: Values, [folder, ...extra]: readonly string[]): Place {
  const redis = parseRedis({ value: given(values, 'redis') ?? '', source: '--redis' })
  const postgres = parsePostgres({ value: given(values, 'postgres') ?? '', source: '--postgres' })
  const places: Place[] = [
    ...(folder === undefined ? [] : [{ kind: 'folder' as const, folder }]),
    ...(redis === undefined ? [] : [{ kind: 'redis' as const, url: redis }]),
    ...(postgres === undefined ? [] : [{ kind: 'postgres' as const, url: postgres }]),
  ]
  const [place] = places
  if (place !== undefined && places.length + extra.length === 1) return place
  throw new UsageError(`mini-chat ${name} takes one place: the folder of --data, or --redis URL, or --postgres URL`)
}

/** Opens a store that a server may be using at the same time. */
export async function openShared({ kind, url }: Shared, io: Io): Promise<Store & Keeper> {
  const log = createLogger({ format: 'text', quiet: true, output: io.stderr })
  const parts = { url, recent: 1, keepMs: undefined, rooms: 2 ** 31, clock: systemClock, random: systemRandom, log }
  if (kind === 'postgres') return (await import('../stores/postgres.js')).openPostgres(parts)
  return (await import('../stores/redis.js')).openRedis({ ...parts, expireMs: undefined })
}

export async function openKeeper(place: Place, io: Io): Promise<Keeper> {
  if (place.kind !== 'folder') return openShared(place, io)
  const log = createLogger({ format: 'text', quiet: false, output: io.stderr })
  const keep = { keepMs: undefined, keepBytes: undefined }
  const parts = { recent: 1, clock: systemClock, random: systemRandom, log }
  return openJournal({ folder: place.folder, sync: 'everysec', ...keep, ...parts })
}
