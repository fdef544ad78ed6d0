// An open loop: messages go at a fixed rate into one room, whether or not the readers have had the last one.
// Latency counts from the moment a message was due, so a server that falls behind cannot hide it.

import { setTimeout as sleep } from 'node:timers/promises'
import { Reader, Sender } from '../clients.js'
import { openAll, type Target } from '../http-connection.js'
import { startUsage } from '../measure.js'
import { Countdown, PARK_MS, resultOf, type Scenario } from '../scenario.js'
import { Ear, type Traffic } from '../traffic.js'
import { streamFrom } from './events.js'

export type OpenOptions = {
  readonly readers: number
  readonly perSecond: number
  readonly seconds: number
  readonly figure: 'deliveries/s' | 'ms p50'
  /** They read event streams, and do not poll. */
  readonly withStreams?: boolean
}

const SENDERS = 16
/** On schedule as well: what is measured is a server that has been at work for a while. */
const WARM_SECONDS = 2
const DRAIN_MS = 10_000

export function open({ readers, perSecond, seconds, figure, withStreams = false }: OpenOptions): Scenario {
  return {
    name: `${withStreams ? 'open-events' : 'open'}-${perSecond}`,
    title: `${perSecond.toLocaleString('en')} messages/s, on schedule, into ${withStreams ? `${readers.toLocaleString('en')} event streams` : `a room of ${readers.toLocaleString('en')}`} for ${seconds} s`,
    unit: figure,
    better: figure === 'ms p50' ? 'less' : 'more',
    sides: ['ours', 'nchan', 'reference'],
    sockets: readers + SENDERS,
    async run({ target, serverPid, pinned, traffic, quick }) {
      const senders = Array.from({ length: SENDERS }, (_, number) => new Sender(target, number, traffic))
      const opened = new Countdown()
      const areOpen = withStreams ? opened.start(readers) : sleep(PARK_MS)
      const hall = Array.from({ length: readers }, () => {
        const ear = new Ear(0, SENDERS)
        return withStreams
          ? stream(target, traffic, ear, () => opened.tick())
          : new Reader(target, 'hall', traffic, ear)
      })
      await openAll([...senders, ...hall])
      await areOpen
      const everyoneKnows = (): boolean => hall.every(({ ear }) => traffic.knowsAll(ear))
      await speak(senders, perSecond * WARM_SECONDS, perSecond)
      await until(everyoneKnows, DRAIN_MS)
      traffic.restart()
      const stop = startUsage(serverPid, pinned)
      await speak(senders, perSecond * (quick ? 3 : seconds), perSecond)
      const inTime = traffic.delivered
      const usage = stop()
      await until(everyoneKnows, DRAIN_MS)
      countMissing(traffic, hall)
      const result = resultOf(traffic, inTime / usage.seconds, usage)
      return figure === 'ms p50' ? { ...result, figure: result.p50 } : result
    },
  }
}

type Listener = { readonly ear: Ear; open(): Promise<void> }

function stream(target: Target, traffic: Traffic, ear: Ear, onOpen: () => void): Listener {
  const connection = streamFrom(target, traffic, onOpen, () => undefined, ear)
  return {
    ear,
    async open() {
      await connection.open()
      connection.request(target.dialect.events('hall'))
    },
  }
}

/** Says so many messages on schedule. One that finds every sender busy waits, and its time counts. */
async function speak(senders: readonly Sender[], count: number, perSecond: number): Promise<void> {
  const free = [...senders]
  const due: number[] = []
  const hand = (): void => {
    while (due.length > 0) {
      const sender = free.shift()
      if (sender === undefined) return
      const at = due.shift() ?? 0
      const answered = (): void => {
        free.push(sender)
        hand()
      }
      sender.say('hall', answered, { at })
    }
  }
  const start = performance.now()
  for (let i = 0; i < count;) {
    for (const now = performance.now(); i < count && start + (i * 1000) / perSecond <= now; i++)
      due.push(start + (i * 1000) / perSecond)
    hand()
    await sleep(1)
  }
}

async function until(condition: () => boolean, ms: number): Promise<void> {
  const end = performance.now() + ms
  while (!condition() && performance.now() < end) await sleep(50)
}

/** What has not come when the time is up is lost. */
function countMissing(traffic: Traffic, readers: readonly Listener[]): void {
  for (const { ear } of readers) traffic.lost += traffic.missing(ear)
}
