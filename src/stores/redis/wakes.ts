// Redis carries the wake-ups between processes, for a store that keeps its messages elsewhere. The wake-ups carry the
// messages, so a process that hears one reads nothing.
//
// While Redis is away `tell` says so, and the store uses its own way. Wake-ups that were lost in between are made up
// for by comparing every room with its log once Redis is back.

import type { Clock, Undo } from '../../core/clock.js'
import type { Logger } from '../../log.js'
import type { News } from '../shared/follower.js'
import type { Wakes } from '../shared/wakes.js'
import { Link } from './link.js'
import { newsOf, parseNews, textOf } from './replies.js'
import { checkServer } from './trouble.js'

export type RedisWakesOptions = {
  readonly url: string
  readonly clock: Clock
  readonly log: Logger
  readonly onBack: () => Promise<void>
}

type Listening = { readonly start: () => Promise<void>; undo: Undo | undefined; ended: boolean }

/**
 * Connects. Throws `UsageError` without the package redis, and `unavailable` with a sentence where Redis cannot be
 * used.
 */
export async function openRedisWakes({ url, clock, log, onBack }: RedisWakesOptions): Promise<RedisWakes> {
  let wakes: RedisWakes | undefined
  const onAway = (reason: string | undefined): void => {
    if (reason === undefined) log.info('wakes_back')
    else log.error('wakes_away', `Redis is away (${reason}): messages come to other servers by way of the store`)
  }
  const back = async (): Promise<void> => {
    await wakes?.listenAgain()
    // If the store is away too, it compares the rooms itself when it is back.
    await onBack().catch(() => undefined)
  }
  const link = await Link.open({ url, clock, onAway, onBack: back }, 'mini-chat:probe')
  try {
    const { isSharded } = checkServer(textOf(await link.ask(['INFO'])), url)
    return (wakes = new RedisWakes(link, isSharded, `mini-chat:wake:${Number(new URL(url).pathname.slice(1))}:`))
  } catch (error) {
    link.close()
    throw error
  }
}

export class RedisWakes implements Wakes {
  readonly #link: Link
  readonly #isSharded: boolean
  readonly #channel: string
  readonly #lacking = new Set<Listening>()

  constructor(link: Link, isSharded: boolean, channel: string) {
    this.#link = link
    this.#isSharded = isSharded
    this.#channel = channel
  }

  /** Resolves even while Redis is away: then it listens once Redis is back. */
  async listen(room: string, hear: (news: News) => void): Promise<Undo> {
    const listening: Listening = {
      start: async () => {
        const undo = await this.#link.listen(this.#channelOf(room), this.#isSharded, (text) => hear(parseNews(text)))
        if (listening.ended) undo()
        else listening.undo = undo
      },
      undo: undefined,
      ended: false,
    }
    await this.#start(listening)
    return () => {
      listening.ended = true
      this.#lacking.delete(listening)
      listening.undo?.()
    }
  }

  tell(room: string, news: News): boolean {
    if (!this.#link.isHere) return false
    const command = this.#isSharded ? 'SPUBLISH' : 'PUBLISH'
    // If this is lost, Redis is away, and every room is compared when it is back.
    this.#link.ask([command, this.#channelOf(room), newsOf(news)]).catch(() => undefined)
    return true
  }

  async listenAgain(): Promise<void> {
    await Promise.all([...this.#lacking].map((listening) => this.#start(listening)))
  }

  close(): void {
    this.#link.close()
  }

  async #start(listening: Listening): Promise<void> {
    try {
      await listening.start()
      this.#lacking.delete(listening)
    } catch {
      if (!listening.ended) this.#lacking.add(listening)
    }
  }

  #channelOf(room: string): string {
    return `${this.#channel}{${room}}`
  }
}
