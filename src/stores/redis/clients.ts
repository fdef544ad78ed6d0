// The clients of the package `redis`, as far as they are used here: one that asks and one that listens; or a cluster,
// which does both and finds the server of each room.

import { loadPeer } from '../../peer.js'
import { whyNoStart } from './trouble.js'

/** Text; the package's types allow for bytes. */
export type Hear = (text: string | Buffer) => void

export type Client = {
  readonly isReady: boolean
  sendCommand(args: readonly string[]): Promise<unknown>
  subscribe(channel: string, call: Hear): Promise<void>
  unsubscribe(channel: string, call: Hear): Promise<void>
  sSubscribe(channel: string, call: Hear): Promise<void>
  sUnsubscribe(channel: string, call: Hear): Promise<void>
  on(event: 'ready' | 'error', call: (error: unknown) => void): unknown
  destroy(): void
}

/** `isCluster`: a server may be away while the others are not. */
export type Clients = { readonly asker: Client; readonly listener: Client; readonly isCluster: boolean }

/** A connection that hears nothing for so long is replaced. */
const SILENCE_MS = 5000
const PING_MS = 1000
const MOST_RECONNECT_MS = 1000

/** Connects. Throws `UsageError` without the package, and `unavailable` with a sentence where there is no Redis. */
export async function connect(url: string): Promise<Clients> {
  const { createClient, createCluster } = await loadPeer('redis', '--redis', () => import('redis'))
  let opened = false
  const options = () => ({
    name: 'mini-chat',
    RESP: 2 as const,
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: SILENCE_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (retries: number) => (opened ? waitBefore(retries) : false),
    },
  })
  const destroys: (() => void)[] = []
  const open = async (): Promise<Client> => {
    const client = createClient({ url, ...options() })
    destroys.push(() => client.destroy())
    // Without a listener an error ends the process. What the error means is told by `connect`, by commands and by the
    // probe.
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const openCluster = async (): Promise<Client> => {
    const { username, password, protocol } = new URL(url)
    const login = {
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    }
    const { socket, RESP, ...rest } = options()
    const secure = protocol === 'rediss:' ? { ...socket, tls: true as const } : socket
    const cluster = createCluster({ rootNodes: [{ url }], RESP, defaults: { ...rest, ...login, socket: secure } })
    destroys.push(() => cluster.destroy())
    for (const event of ['error', 'node-error']) cluster.on(event, () => undefined)
    await cluster.connect()
    return {
      isReady: true,
      sendCommand: (args) => cluster.sendCommand(keyOf(args), false, [...args]),
      subscribe: (channel, call) => cluster.subscribe(channel, call),
      unsubscribe: (channel, call) => cluster.unsubscribe(channel, call),
      sSubscribe: (channel, call) => cluster.sSubscribe(channel, call),
      sUnsubscribe: (channel, call) => cluster.sUnsubscribe(channel, call),
      on: (event, call) => cluster.on(`node-${event}`, call),
      destroy: () => cluster.destroy(),
    }
  }
  try {
    const first = await open()
    const isCluster = /^cluster_enabled:1/m.test(String(await first.sendCommand(['INFO', 'cluster']).catch(() => '')))
    if (isCluster) first.destroy()
    const asker = isCluster ? await openCluster() : first
    const clients = { asker, listener: isCluster ? asker : await open(), isCluster }
    opened = true
    return clients
  } catch (error) {
    for (const destroy of destroys) destroy()
    throw whyNoStart(error, url)
  }
}

/** The key that says which server of a cluster a command is for. */
function keyOf([command = '', first, , third]: readonly string[]): string | undefined {
  return command.startsWith('EVAL') ? third : first
}

/** From 10 ms to a second, doubling, with a random quarter so that many processes do not come in one instant. */
function waitBefore(retries: number): number {
  return Math.min(10 * 2 ** Math.min(retries, 10), MOST_RECONNECT_MS) * (0.75 + Math.random() / 4)
}
