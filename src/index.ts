// The package's interface: a chat inside your own program.
//
//     import { createServer } from 'node:http'
//     import { createChat } from 'mini-chat'
//
//     const chat = createChat()
//     createServer(chat.handler).listen(8000)
//     await chat.send({ room: 'lobby', username: 'bot', text: 'hello' })
//
// Inside a larger program `handler` and `upgrade` take the requests of the chat, and call `next` for the others.

import { type App, createApp } from './app.js'
import type { Config } from './config.js'
import { parseSince } from './core/rooms/cursor.js'
import type { Gap } from './core/rooms/gap.js'
import { type Message, parseRoom } from './core/rooms/message.js'
import { Reader } from './core/rooms/reader.js'
import { createLogger, type Logger } from './log.js'
import { type ChatOptions, parseOptions } from './options.js'
import type { Handler, UpgradeHandler } from './transports/http/handler.js'

export { ChatError, type Code } from './core/errors.js'
export { UsageError } from './flags.js'
export type { ChatOptions, Config, Gap, Message }

export type ChatEvent =
  { readonly kind: 'message'; readonly message: Message } | { readonly kind: 'gap'; readonly gap: Gap }

export type ChatServer = {
  /**
   * For `http.createServer(handler)`, or `app.use(handler)` in Express before any body parser. A request that is not
   * the chat's is left to `next`; without `next` it is a 404.
   */
  readonly handler: Handler
  /**
   * For `server.on('upgrade', upgrade)`: WebSocket and Socket.IO need it where another server listens. An upgrade
   * that is not the chat's is left to `next`, or to the server's other listeners, and refused where there is neither.
   */
  readonly upgrade: UpgradeHandler
  /** Listens with a server of its own, and every way in that is on; resolves with the port. */
  listen(port?: number, host?: string): Promise<number>
  /** The port of the lines over TCP (`tcp`), once they listen. */
  readonly tcpPort: number | undefined
  /** Answers the parked polls, finishes the requests under way, and closes everything. */
  close(): Promise<void>
  /** Sends a message; resolves when it is in the ring. Throws `ChatError`. */
  send(message: {
    readonly room: string
    readonly username: string
    readonly text: string
    readonly key?: string
    /** The id of the message that it answers. */
    readonly of?: number
  }): Promise<Message>
  /** Every message of a room from now on, or after a cursor or an id; a `gap` tells what is missing. */
  follow(room: string, options?: { readonly since?: string; readonly signal?: AbortSignal }): AsyncGenerator<ChatEvent>
}

/**
 * Makes a chat with the settings of the command line; the others have their defaults. Throws `UsageError`, with the
 * command line's sentence, for a wrong or unknown setting.
 */
export function createChat(options: ChatOptions = {}): ChatServer {
  const config = parseOptions(options)
  const log = createLogger({ format: config.log, quiet: config.quiet })
  // A store may first have to read what it keeps; until then requests wait.
  const opening = open(config, log)
  let app: App | undefined
  opening.then(
    (opened) => (app = opened),
    (error: unknown) => log.error('chat', error),
  )
  return {
    handler(request, response, next) {
      if (app !== undefined) return app.http.handler(request, response, next)
      // A chat that could not open takes nothing away from the program around it.
      const fail = next ?? (() => response.writeHead(503, ['Retry-After', '1', 'Content-Length', '0']).end())
      opening.then(
        ({ http }) => http.handler(request, response, next),
        () => fail(),
      )
    },
    upgrade(request, socket, head, next) {
      if (app !== undefined) return app.http.upgrade(request, socket, head, next)
      const fail = next ?? (() => socket.destroy())
      opening.then(
        ({ http }) => http.upgrade(request, socket, head, next),
        () => fail(),
      )
    },
    async listen(port = config.port, host = config.host) {
      return (await opening).listen(port, host)
    },
    get tcpPort() {
      return app?.tcpPort
    },
    async close() {
      await (await opening).stop()
    },
    async send(message) {
      const { chat } = await opening
      return (await chat.send(message)).message
    },
    async *follow(room, { since = 'now', signal } = {}) {
      const { chat } = await opening
      const name = parseRoom(room)
      const [opened, start] = [await chat.rooms.open(name), parseSince(since, [name])]
      await chat.rooms.reach([opened], start)
      const reader = new Reader([opened], start, {
        limit: config.ring,
        presence: false,
      })
      while (signal?.aborted !== true) {
        await news(reader, signal)
        const view = reader.look()
        for (const gap of view.gaps) yield { kind: 'gap', gap }
        for (const { message } of view.entries) yield { kind: 'message', message }
        reader.move(view)
      }
    },
  }
}

/** Ways in with a port of their own begin at once: `listen` may never be called. */
async function open(config: Config, log: Logger): Promise<App> {
  const app = await createApp(config, log)
  try {
    await app.startTransports()
    return app
  } catch (error) {
    await app.stop()
    throw error
  }
}

/** Resolves when a reader has something to look at, or the signal is aborted. */
function news(reader: Reader, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const undo = (): void => signal?.removeEventListener('abort', abort)
    const leave = reader.park(() => {
      undo()
      resolve()
    })
    const abort = (): void => {
      leave?.()
      resolve()
    }
    if (leave === undefined) resolve()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}
