// The glass box: GET /inside is a page that draws this very server, fed by GET /inside/events.
//
//     no watcher   the chat has no observer, and nothing is noted
//     watchers     one recorder for all of them; when the last one leaves it goes, with all that it noted
//
// This file is loaded only with --inside. If there is an admin key, the page sends it first (POST /inside/open) and
// gets a cookie that is good until the server stops.

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import type { Secret } from '../auth/secret.js'
import type { Undo } from '../core/clock.js'
import { ChatError } from '../core/errors.js'
import { PACKAGE_ROOT } from '../platform.js'
import { ALWAYS, NO_CONTENT } from '../transports/http/answer.js'
import { assetRoutes } from '../transports/http/assets.js'
import { readFields, secretField } from '../transports/http/fields.js'
import type { Request, Waiter } from '../transports/http/request.js'
import type { Context, Route } from '../transports/http/route.js'
import type { StreamWriter } from '../transports/http/stream-reply.js'
import type { Lab } from '../lab/lab.js'
import { Recorder } from './recorder.js'

const BATCH_MS = 200

/** A scene is told after so many batches. */
const SCENE_BATCHES = 5

/** How many may watch at one time. */
export const MOST_WATCHERS = 16

const STREAM_HEADERS = [...ALWAYS, 'Content-Type', 'text/event-stream', 'X-Accel-Buffering', 'no']
const COOKIE = 'mini_chat_inside'

export type InsideParts = {
  readonly adminKey: Secret | undefined
  /** The kind of store, such as `memory`. */
  readonly store: string
  /** The lab; undefined without `--lab`. */
  readonly lab?: Lab | undefined
}

/** The routes of the glass box. */
export function insideRoutes({ adminKey, store, lab }: InsideParts): readonly Route[] {
  const assets = assetRoutes({
    folder: join(PACKAGE_ROOT, 'lib/inside-page'),
    prefix: '/inside/',
    index: '/inside',
    marks: `${adminKey === undefined ? '' : ' data-key'}${lab === undefined ? '' : ' data-lab'}`,
  })
  const watchers = new Watchers(store, lab)
  const door = adminKey === undefined ? undefined : new Door(adminKey)
  // The code of the lab's page is served only with the lab.
  const files = assets.filter(({ path }) => lab !== undefined || !path.startsWith('/inside/lab'))
  const open: Route = {
    method: 'POST',
    path: '/inside/open',
    auth: 'open',
    handle(request, answer) {
      const fields = readFields(request)
      const cookie = door?.open(secretField(request, fields, 'key'), request)
      answer(cookie === undefined ? NO_CONTENT : { ...NO_CONTENT, headers: [...NO_CONTENT.headers, ...cookie] })
    },
  }
  // With an admin key, its cookie opens this; otherwise whatever opens the chat.
  const guard: Pick<Route, 'auth'> = door === undefined ? {} : { auth: 'open' }
  const events: Route = {
    method: 'GET',
    path: '/inside/events',
    ...guard,
    handle(request, answer, context) {
      door?.check(request)
      if (request.method === 'HEAD') return answer({ status: 200, headers: STREAM_HEADERS, body: '' })
      if (context.stopping()) throw new ChatError('unavailable', 'the server is stopping: try again in a moment', 2)
      if (watchers.isFull)
        throw new ChatError('unavailable', `${MOST_WATCHERS} are watching already: try again when one has left`, 5)
      answer({
        status: 200,
        headers: lab === undefined ? STREAM_HEADERS : [...STREAM_HEADERS, ...lab.spared],
        open: (writer) => request.hold(watchers.enter(writer, context)),
      })
    },
  }
  return [...files, open, events, ...(lab?.routes((request) => door?.check(request), guard) ?? [])]
}

/** A client that has shown the key may watch until the server stops. */
class Door {
  readonly #key: Secret
  readonly #token = randomBytes(24).toString('base64url')

  constructor(key: Secret) {
    this.#key = key
  }

  open(key: unknown, { address, base, isSecure }: Request): string[] {
    if (typeof key !== 'string') throw new ChatError('bad_request', 'key is required: what --admin-key says')
    this.#key.check(key, address)
    const secure = isSecure ? '; Secure' : ''
    return ['Set-Cookie', `${COOKIE}=${this.#token}; Path=${base}/inside; HttpOnly; SameSite=Strict${secure}`]
  }

  check(request: Request): void {
    const cookies = (request.header('cookie') ?? '').split(';').map((one) => one.trim())
    const mine = Buffer.from(`${COOKIE}=${this.#token}`)
    const isKnown = cookies.some((cookie) => {
      const given = Buffer.from(cookie)
      return given.length === mine.length && timingSafeEqual(given, mine)
    })
    if (!isKnown) throw this.#key.refusal()
  }
}

type Watcher = { readonly writer: StreamWriter; hasRoom: boolean }

class Watchers {
  readonly #store: string
  readonly #lab: Lab | undefined
  readonly #all = new Set<Watcher>()
  #stop: Undo | undefined
  /** Has a watcher just come, who has seen no scene yet? */
  #isNew = false

  constructor(store: string, lab: Lab | undefined) {
    this.#store = store
    this.#lab = lab
  }

  get isFull(): boolean {
    return this.#all.size >= MOST_WATCHERS
  }

  enter(writer: StreamWriter, context: Context): Waiter {
    const watcher = { writer, hasRoom: true }
    writer.onDrain(() => (watcher.hasRoom = true))
    this.#all.add(watcher)
    this.#isNew = true
    this.#tell(watcher, 'retry: 1000\n\n')
    if (this.#all.size === 1) this.#stop = this.#watch(context)
    return {
      letGo: () => {
        this.#all.delete(watcher)
        writer.end('')
        if (this.#all.size > 0) return
        this.#stop?.()
        this.#stop = undefined
      },
    }
  }

  /** Watches the chat, until the undo. */
  #watch({ chat, parking, version }: Context): Undo {
    const recorder = new Recorder(chat.clock, (observer) => {
      parking.tellTo(observer)
      for (const feed of chat.feeds) feed.tellTo(observer)
    })
    chat.watch.observer = recorder
    let cpu = process.cpuUsage()
    let cpuAt = chat.clock.now()
    let batches = 0
    const scene = (): string => {
      const now = chat.clock.now()
      const { user, system } = process.cpuUsage(cpu)
      const lasted = now - cpuAt
      const part = lasted > 0 ? (user + system) / 1000 / lasted : 0
      cpu = process.cpuUsage()
      cpuAt = now
      const memory = process.memoryUsage.rss()
      const around = { version, store: this.#store, ring: chat.ringSize, uptime: process.uptime(), cpu: part, memory }
      return eventOf('scene', recorder.scene(chat, around, Math.max(BATCH_MS, lasted) / 1000))
    }
    let undo: Undo | undefined
    const again = (): void => {
      const batch = eventOf('facts', recorder.take())
      const isDue = this.#isNew || ++batches % SCENE_BATCHES === 0
      this.#isNew = false
      const lab = this.#lab === undefined ? '' : eventOf('lab', this.#lab.state)
      const events = isDue ? batch + scene() + lab : batch
      for (const watcher of this.#all) this.#tell(watcher, events)
      undo = chat.clock.after(BATCH_MS, again)
    }
    again()
    return () => {
      undo?.()
      chat.watch.observer = undefined
    }
  }

  /** A watcher that does not read is told nothing meanwhile: the moments that it missed are over. */
  #tell(watcher: Watcher, events: string): void {
    if (watcher.hasRoom) watcher.hasRoom = watcher.writer.write(events)
  }
}

function eventOf(name: string, value: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`
}
