// Puts all parts together, and does nothing else. It is the only file that knows all of them.

import { getHeapStatistics } from 'node:v8'
import type { Auth } from './auth/auth.js'
import { openJwt } from './auth/jwt.js'
import { Password } from './auth/password.js'
import { Secret } from './auth/secret.js'
import { Chat } from './core/chat.js'
import type { Clock } from './core/clock.js'
import type { Directory } from './core/people/directory.js'
import type { Identity } from './core/people/identity.js'
import { ConnectionLimit, type Rate, type Rates } from './core/people/limits.js'
import { PENDING_BYTES } from './core/pending-answers.js'
import { Metrics } from './core/metrics.js'
import type { Store } from './core/rooms/store.js'
import { reachableAddresses } from './addresses.js'
import type { Config } from './config.js'
import { mostDescriptors, mostSockets } from './descriptors.js'
import type { Shelf } from './files/shelf.js'
import type { Lab } from './lab/lab.js'
import type { Logger } from './log.js'
import { systemClock, systemRandom, VERSION } from './platform.js'
import { Tally } from './tally.js'
import { openJournal } from './stores/journal.js'
import { memoryStore } from './stores/memory.js'
import type { PostgresStore } from './stores/postgres.js'
import type { Link } from './stores/postgres/link.js'
import type { OpenWakes } from './stores/shared/wakes.js'
import { isLocal } from './transports/address.js'
import { assetRoutes } from './transports/http/assets.js'
import { Encoder } from './transports/http/encode.js'
import { EventStreams } from './transports/http/eventstream.js'
import { Origins } from './transports/http/origins.js'
import { Packer } from './transports/http/packer.js'
import { Parking } from './transports/http/parking.js'
import type { Route } from './transports/http/route.js'
import { createHttp, type Http } from './transports/http/server.js'
import { createLines } from './transports/lines.js'
import { createSocketIo } from './transports/socketio.js'
import type { Transport } from './transports/transport.js'
import { createWebSocket } from './transports/websocket.js'

/** How long requests under way have to finish once the server stops. */
const STOP_MS = 3500

/** How long a start may take to bring back rooms, after it has read where their messages are. */
const RESTORE_MS = 500

export type App = {
  readonly chat: Chat
  readonly metrics: Metrics
  readonly http: Http
  /** The ways in beside HTTP that are on, by name. */
  readonly transports: ReadonlyMap<string, Transport>
  /** Resolves with the port. `port` and `host`: where it listens, instead of where the settings say. */
  listen(port?: number, host?: string): Promise<number>
  /** Starts the ways in that have ports of their own, if they are not started yet. */
  startTransports(): Promise<void>
  /** The port of the lines over TCP, once it listens; undefined where they are off. */
  readonly tcpPort: number | undefined
  /** Makes the server not ready, while it goes on serving. */
  drain(): void
  /** Answers the parked polls, finishes the requests under way, and closes everything. */
  stop(): Promise<void>
}

/**
 * Opens the store, which may have to read what it keeps, and puts all parts together. `clock` and `withFastPath`: for
 * tests that hold the time still, or use `node:http` alone.
 */
export async function createApp(
  config: Config,
  log: Logger,
  clock: Clock = systemClock,
  withFastPath = true,
): Promise<App> {
  const metrics = new Metrics()
  const closeTallies = config.log === 'text' ? () => undefined : tallyTo(log, metrics, clock)
  const { store, link } = await openStore(config, log)
  const limits = { rooms: config.rooms, bytes: config.bytes, sessions: config.sessions, isFree: isLocal }
  const connectionLimit = (): ConnectionLimit => new ConnectionLimit(config.addressConnections, isLocal)
  const directory = await openDirectory(config, link, log).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  const files = await openFiles(config, clock, log).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  const chat = new Chat({
    store,
    files,
    directory,
    clock,
    random: systemRandom,
    ringSize: config.ring,
    keepMs: config.keepMs,
    editMs: config.editMs,
    seen: !config.noSeen,
    limits,
    rates: ratesOf(config),
    connectionLimit: connectionLimit(),
    pendingBytes: pendingBytes(),
  })
  const giveUp = async (error: unknown): Promise<never> => {
    await chat.close()
    throw error
  }
  await restoreRooms(chat, store, log).catch(giveUp)
  chat.onPublish(() => metrics.published.add(1))
  let ready = true
  let stopping = false
  let listening: { readonly host: string; readonly port: number } | undefined
  const parking = new Parking(clock, config.polls)
  const encoder = new Encoder(clock)
  const eventStreams = new EventStreams(chat, metrics, config.polls)
  const readers = config.trustProxy > 0 ? connectionLimit() : undefined
  const auth = await openAuth(config, chat, log).catch(giveUp)
  const adminKey =
    config.adminKey === undefined
      ? undefined
      : new Secret(config.adminKey, systemClock, 'this is not the key: ask whoever runs this chat')
  const context = {
    chat,
    metrics,
    encoder,
    packer: new Packer(clock),
    eventStreams,
    parking,
    readers,
    auth,
    adminKey,
    files,
    base: config.base,
    version: VERSION,
    addresses: () =>
      listening === undefined || config.trustProxy > 0
        ? []
        : reachableAddresses(listening.host).map((address) => `http://${address}:${listening?.port}${config.base}`),
    waitSeconds: config.wait,
    ready: () => ready && (store.ready?.() ?? true) && (directory?.ready() ?? true),
    stopping: () => stopping,
  }
  const origins = new Origins({
    hosts: config.allowHost,
    origins: config.allowOrigin,
    proxies: config.trustProxy,
    onUnknownHost: (host) =>
      log.info('unknown_host', { host, allow: '--allow-host NAME', nginx: 'proxy_set_header Host $http_host;' }),
  })
  const most = mostSockets(mostDescriptors())
  const sockets = new ConnectionLimit(most)
  // Where there are few descriptors, one address cannot take all of them.
  const connections = new ConnectionLimit(Math.min(config.addressConnections, Math.ceil(most / 2)), isLocal)
  const lab = await openLab(config).catch(giveUp)
  const http = createHttp({
    context,
    origins,
    log,
    proxies: config.trustProxy,
    connectionLimit: connections,
    sockets,
    withFastPath,
    routes: [...assetRoutes({ marks: marksOf(config) }), ...(await openInside(config, adminKey, lab).catch(giveUp))],
  })
  lab?.faults.attach(http.server)
  const transports = await openTransports({
    config,
    chat,
    metrics,
    log,
    http,
    origins,
    auth,
    connectionLimit: connections,
    sockets,
  }).catch(giveUp)
  let tcpPort: number | undefined
  let starting: Promise<void> | undefined
  const startTransports = (): Promise<void> =>
    (starting ??= (async () => {
      for (const transport of transports.values()) tcpPort = (await transport.start()) ?? tcpPort
    })())
  return {
    chat,
    metrics,
    http,
    transports,
    get tcpPort() {
      return tcpPort
    },
    async listen(at = config.port, host = config.host) {
      const port = await http.listen(at, host)
      listening = { host, port }
      lab?.listening(port)
      await startTransports()
      return port
    },
    startTransports,
    drain() {
      ready = false
    },
    async stop() {
      ready = false
      stopping = true
      await Promise.all([http.stop(STOP_MS), ...[...transports.values()].map((transport) => transport.stop())])
      await chat.close()
      files?.close()
      lab?.close()
      closeTallies()
    },
  }
}

/** The memory for unread answers: an eighth of what the process may have for its own objects. */
function pendingBytes(): number {
  return Math.min(PENDING_BYTES, getHeapStatistics().heap_size_limit / 8)
}

/** Logs what is refused, and which readers lost something: counted, a line a second for each reason. */
function tallyTo(log: Logger, { rejected, gaps }: Metrics, clock: Clock): () => void {
  const tallies = Object.entries({ refused: rejected, missed: gaps }).map(([event, counter]) => {
    const tally = new Tally({ clock, tell: (reason, count) => log.info(event, { reason, count }) })
    counter.onAdd = (times, reason) => tally.add(reason, times)
    return tally
  })
  return () => {
    for (const tally of tallies) tally.close()
  }
}

/** What the page has to know about the server from the start. */
function marksOf({ password, jwt, adminKey, lab, files, fileBytes }: Config): string {
  const marks = [
    ...(password === undefined ? [] : ['data-password']),
    ...(jwt === undefined ? [] : ['data-tokens']),
    ...(adminKey === undefined ? [] : ['data-moderation']),
    ...(lab ? ['data-lab'] : []),
    // The most bytes of a file.
    ...(files === undefined ? [] : [`data-files="${fileBytes}"`]),
  ]
  return marks.map((mark) => ` ${mark}`).join('')
}

/** The files that people send, where they may; otherwise none of its code is loaded. */
async function openFiles(config: Config, clock: Clock, log: Logger): Promise<Shelf | undefined> {
  const { files: folder, filesBytes: totalBytes, fileBytes: eachBytes, keepMs } = config
  if (folder === undefined) return undefined
  const { Shelf } = await import('./files/shelf.js')
  const isLasting = storeName(config) !== 'memory'
  return Shelf.open({ folder, totalBytes, eachBytes, keepMs, isLasting, clock, random: systemRandom, log })
}

/** The glass box, where it is asked for; otherwise none of its code is loaded. */
async function openInside(
  config: Config,
  adminKey: Secret | undefined,
  lab: Lab | undefined,
): Promise<readonly Route[]> {
  if (!config.inside) return []
  const { insideRoutes } = await import('./inside/inside.js')
  return insideRoutes({
    adminKey,
    lab,
    store: storeName(config),
  })
}

/** Where the messages are, as `openStore` chooses it. */
function storeName({ postgres, redis, data }: Config): string {
  if (postgres !== undefined) return 'postgres'
  if (redis !== undefined) return 'redis'
  return data === undefined ? 'memory' : 'journal'
}

/** The lab, where it is asked for; otherwise none of its code is loaded. */
async function openLab({ lab, ring, websocket }: Config): Promise<Lab | undefined> {
  if (!lab) return undefined
  const { Lab, supervisorOf } = await import('./lab/lab.js')
  return new Lab({ ring, websocket, supervisor: supervisorOf(process) })
}

/** Authentication, where the settings ask for it. */
async function openAuth({ password, jwt }: Config, chat: Chat, log: Logger): Promise<Auth | undefined> {
  if (password !== undefined)
    return new Password({ password, clock: systemClock, isToken: (token) => chat.sessions.has(token) })
  if (jwt === undefined) return undefined
  const identityOf = (token: string): Identity | undefined => chat.sessions.get(token).identity
  return openJwt({ ...jwt, clock: systemClock, identityOf, onTrouble: (error) => log.error('jwks', error) })
}

/** `link`: the connections to PostgreSQL, where the messages are there. */
type Opened = { readonly store: Store; readonly link?: Link }

async function openStore(config: Config, log: Logger): Promise<Opened> {
  const { data, sync, keepMs, keepBytes, ring, redis, postgres, expireMs, rooms } = config
  const parts = { clock: systemClock, random: systemRandom, log }
  if (postgres !== undefined) {
    const store = await openShared(config, postgres, log)
    return { store, link: store.link }
  }
  if (redis !== undefined) {
    const { openRedis } = await import('./stores/redis.js')
    return { store: await openRedis({ url: redis, recent: ring, keepMs, expireMs, rooms, ...parts }) }
  }
  if (data === undefined) return { store: memoryStore(ring, systemRandom) }
  return { store: await openJournal({ folder: data, recent: ring, sync, keepMs, keepBytes, ...parts }) }
}

/** The directory of people, where there may be other processes. */
async function openDirectory({ redis }: Config, link: Link | undefined, log: Logger): Promise<Directory | undefined> {
  const parts = { clock: systemClock, random: systemRandom, log }
  if (redis !== undefined) {
    const { openRedisDirectory } = await import('./directory/redis.js')
    return openRedisDirectory({ url: redis, ...parts })
  }
  if (link === undefined) return undefined
  const { openPostgresDirectory } = await import('./directory/postgres.js')
  return openPostgresDirectory({ link, ...parts })
}

/** PostgreSQL keeps the messages. If there is a Redis too, it carries the news between the servers. */
async function openShared({ ring, keepMs, rooms, redis }: Config, url: string, log: Logger): Promise<PostgresStore> {
  const { openPostgres } = await import('./stores/postgres.js')
  const parts = { clock: systemClock, random: systemRandom, log }
  const openWakes: OpenWakes | undefined =
    redis === undefined
      ? undefined
      : async (onBack) => {
          const { openRedisWakes } = await import('./stores/redis/wakes.js')
          return openRedisWakes({ url: redis, clock: systemClock, log, onBack })
        }
  return openPostgres({ url, recent: ring, keepMs, rooms, openWakes, ...parts })
}

/**
 * Brings rooms back into memory before the first request. If that takes long, the rest follows, or comes when it is
 * asked for.
 */
async function restoreRooms(chat: Chat, store: Store, log: Logger): Promise<void> {
  const names = store.rooms?.() ?? []
  const end = systemClock.now() + RESTORE_MS
  await chat.rooms.restore(names, () => systemClock.now() < end)
  chat.rooms.restore(names, () => store.ready?.() ?? true).catch((error: unknown) => log.error('restore', error))
}

type Parts = {
  readonly config: Config
  readonly chat: Chat
  readonly metrics: Metrics
  readonly log: Logger
  readonly http: Http
  readonly origins: Origins
  readonly auth: Auth | undefined
  readonly connectionLimit: ConnectionLimit
  readonly sockets: ConnectionLimit
}

/** The ways in beside HTTP that were asked for. */
async function openTransports({ config, ...parts }: Parts): Promise<Map<string, Transport>> {
  const { tcp, host, sessions: maxConnections } = config
  const transports = new Map<string, Transport>()
  if (tcp !== undefined) transports.set('lines', createLines({ ...parts, port: tcp, host, maxConnections }))
  if (config.websocket) transports.set('websocket', await createWebSocket(parts))
  if (config.socketio) transports.set('socketio', await createSocketIo({ ...parts, maxConnections }))
  return transports
}

// How fast people and addresses may be:
//
//     --rate, --burst                    one person: a session, or a name at an address
//     --address-rate, --address-burst    all people who share an address: messages
//     --address-joins                    joins; fifty seconds' worth may come at once, so that a class can join
//     --address-rooms                    new rooms, with the burst of the messages
//
// --rate off also lifts the rate of messages for addresses, and that of the notes of coming and going.
//
// Scripts and tests on this machine are not counted while no rate of addresses is given. Their joins are counted,
// with fifty times the rate of a class.

/** As many joins may come at once as in so many seconds. */
const JOIN_SECONDS = 50

/** Joins a second of this machine's own addresses. */
const LOCAL_JOINS = 100

/**
 * Notes of coming and going in a room's log: enough for a class of thirty that comes, goes and comes back, then ten a
 * minute.
 */
const NOTES: Rate = { perSecond: 1 / 6, burst: 100 }

export function ratesOf(config: Config): Rates {
  const { rate, burst, addressRate, addressJoins, addressRooms, addressBurst, given } = config
  const joins = { perSecond: addressJoins, burst: Math.min(addressBurst, JOIN_SECONDS * addressJoins) }
  const isOff = rate === Infinity
  return {
    isFree: given.includes('addressRate') || given.includes('addressBurst') ? () => false : isLocal,
    person: { perSecond: rate, burst },
    address: { perSecond: isOff ? Infinity : addressRate, burst: addressBurst },
    joins,
    freeJoins: given.includes('addressJoins') ? joins : { perSecond: LOCAL_JOINS, burst: addressBurst },
    rooms: { perSecond: addressRooms, burst: addressBurst },
    notes: isOff ? { perSecond: Infinity, burst: Infinity } : NOTES,
  }
}
