// Says that the lab is on, and counts by id what this page is given. Loaded only with --lab.

import { Ledger, sumOf } from '../src/client/ledger.js'
import { defaultPlatform as platform } from '../src/client/platform.js'
import { call } from '../src/client/wire.js'
import { BASE } from './base.js'
import { element } from './element.js'
import type { Feed } from './feed.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import type { Session } from './session.js'
import { say } from './words.js'

const REPORT_MS = 2000

/** Counts while this tab leads: a tab that follows may be told something twice. */
export function wireLab(feed: Feed, session: Session): void {
  const ledgers = new Map<string, Ledger>()
  const count = element('span')
  const banner = element('p', { class: 'lab-on', role: 'note' }, later.labOn, count)
  void laterStyle().then(() => {
    document.body.prepend(banner)
    document.documentElement.dataset['labOn'] = ''
  })
  const ledgerOf = (room: string): Ledger => {
    let ledger = ledgers.get(room)
    if (ledger === undefined) ledgers.set(room, (ledger = new Ledger()))
    return ledger
  }
  feed.onBatch(({ messages, gaps }) => {
    // After messages that were not counted, everything begins anew.
    if (!feed.leads) return ledgers.clear()
    for (const gap of gaps) ledgerOf(gap.room).gap(gap)
    for (const { room, id } of messages) ledgerOf(room).see(id)
    show()
  })
  const page = Math.random().toString(36).slice(2, 10)
  setInterval(() => void report().catch(() => undefined), REPORT_MS) // The next report has it all again.

  function show(): void {
    const { got, lost, doubled, disordered, missed, restarts } = sumOf(
      [...ledgers.values()].map(({ counts }) => counts),
    )
    const told = missed + restarts === 0 ? '' : say(later.labTold, { missed, restarts })
    count.textContent = `${say(later.labCounts, { got, lost, doubled, disordered })}${told}`
  }

  async function report(): Promise<void> {
    if (!feed.leads || session.username === '') return
    const counts = sumOf([...ledgers.values()].map((ledger) => ledger.counts))
    const body = { page, name: session.username, ...counts }
    await call(platform, { url: BASE, path: '/inside/seen', body, token: session.token })
  }
}
