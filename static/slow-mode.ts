// Slow mode: a notice for everyone in the room, and above the box how long one has to wait for one's next message. The
// server decides; what is sent too early waits in the outbox, and goes by itself.
//
//     my newest message ── at 12:00:00 ── 30 s ──> 12:00:30 by the server's clock, which each answer tells

import { defaultPlatform as platform } from '../src/client/platform.js'
import type { Conversation } from './conversation.js'
import { byId, element, hide, write } from './element.js'
import type { Feed } from './feed.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import type { People } from './people.js'
import type { Session } from './session.js'
import { say, sayCount } from './words.js'

export type SlowParts = {
  readonly conversation: Conversation
  readonly feed: Feed
  readonly people: People
  readonly session: Session
}

const TICK_MS = 1000

export function showSlowMode({ conversation, feed, people, session }: SlowParts): void {
  const notice = element('p', { id: 'slow', hidden: '' })
  const wait = element('p', { class: 'wait', role: 'timer', 'aria-label': later.slowMode, hidden: '' })
  let slow = 0
  /** How far the server's clock is ahead of this one. */
  let aheadMs = 0
  let ticking: (() => void) | undefined

  byId('notice', HTMLElement).append(notice)
  byId('typing', HTMLElement).after(wait)
  feed.onBatch(({ now }) => (aheadMs = now - Date.now()))
  people.onShow((state) => {
    slow = state?.slow ?? 0
    const words = slow === 0 ? '' : sayCount(later.slowNotice, slow)
    write(notice, words)
    hide(notice, slow === 0)
    if (slow > 0) void laterStyle()
    tick()
  })

  function tick(): void {
    ticking?.()
    const seconds = secondsLeft()
    hide(wait, seconds <= 0)
    write(wait, seconds > 0 ? say(later.nextIn, { n: seconds }) : '')
    ticking = seconds > 0 ? platform.after(TICK_MS, tick) : undefined
  }

  /** How long this person has to wait. A moderator has not. */
  function secondsLeft(): number {
    if (slow === 0 || 'moderates' in document.documentElement.dataset) return 0
    const me = session.username
    const mine = conversation.log.findLast(({ type, username }) => type === 'chat' && username === me)
    if (mine === undefined) return 0
    return Math.min(slow, Math.ceil((mine.timestamp + 1000 * slow - Date.now() - aheadMs) / 1000))
  }
}
