// The package's face: a chat inside your own program.
//
//     import { createServer } from 'node:http'
//     import { createChat } from 'mini-chat'
//
//     const chat = createChat()
//     createServer(chat.handler).listen(8000)
//     await chat.send({ room: 'lobby', username: 'bot', text: 'hello' })

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type App, createApp } from './app.js'
import { defaults } from './command.js'
import type { Config } from './config.js'
import { parseSince } from './core/rooms/cursor.js'
import type { Gap } from './core/rooms/gap.js'
import { type Message, parseRoom } from './core/rooms/message.js'
import { Reader } from './core/rooms/reader.js'
import { createLogger } from './log.js'

export { ChatError, type Code } from './core/errors.js'
export type { Config, Gap, Message }

export type ChatEvent =
  { readonly kind: 'message'; readonly message: Message } | { readonly kind: 'gap'; readonly gap: Gap }

export type ChatServer = {
  /** For `http.createServer(handler)`, or `app.use(handler)` in Express before any body parser. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void
  /** Listens by itself; resolves with the port. */
  listen(port?: number, host?: string): Promise<number>
  /** Answers who waits, finishes what is under way, and closes everything. */
  close(): Promise<void>
  /** Says something; resolves when it is in the ring. Throws `ChatError`. */
  send(message: {
    readonly room: string
    readonly username: string
    readonly text: string
    readonly key?: string
  }): Promise<Message>
  /** Every message of a room from now on, or from a cursor or an id; a `gap` tells what is missing. */
  follow(room: string, options?: { readonly since?: string; readonly signal?: AbortSignal }): AsyncGenerator<ChatEvent>
}

/** Makes a chat with the settings of the command line; those that are not given have their defaults. */
export function createChat(options: Partial<Config> = {}): ChatServer {
  const config = defaults(options)
  // A store may have to read what it keeps first; until then requests wait. That it failed is told by whoever waits.
  const opening = createApp(config, createLogger({ format: config.log, quiet: config.quiet }))
  let app: App | undefined
  opening.then(
    (opened) => (app = opened),
    () => undefined,
  )
  return {
    handler(request, response) {
      if (app !== undefined) return app.http.handler(request, response)
      opening.then(
        ({ http }) => http.handler(request, response),
        () => response.writeHead(503, ['Retry-After', '1', 'Content-Length', '0']).end(),
      )
    },
    async listen(port = config.port, host = config.host) {
      const { http } = await opening
      return http.listen(port, host)
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
