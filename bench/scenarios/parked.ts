// What a parked poll costs in memory, and how long one message takes to reach the last of a full house: once, or
// again and again for as long as a lesson's first minutes, in which every poll ends by itself a few times.

import { setTimeout as sleep } from 'node:timers/promises'
import { Reader, Sender } from '../clients.js'
import { openAll } from '../http-connection.js'
import { residentBytes, startUsage } from '../measure.js'
import { Countdown, resultOf, type Scenario } from '../scenario.js'
import { Ear } from '../traffic.js'
import { roundOf } from './round.js'

const SETTLE_MS = 4000
const PAUSE_MS = 14_000

/** `minutes`: for how long, with a message now and then. */
export function parked(readers: number, minutes = 0): Scenario {
  const house = `${readers.toLocaleString('en')} parked polls`
  return {
    name: minutes === 0 ? `parked-${readers}` : `hold-${readers}`,
    title:
      minutes === 0
        ? `${house}: memory for each; latency of one message to all of them`
        : `${house} for ${minutes} minutes, a message to all of them every ${PAUSE_MS / 1000} s: memory for each; latency`,
    unit: 'KiB each',
    better: 'less',
    sides: ['ours', 'nchan', 'reference'],
    isLong: minutes > 0,
    sockets: readers + 1,
    async run({ target, serverPid, pinned, traffic }) {
      const all = new Countdown()
      const sender = new Sender(target, 0, traffic)
      const hall = Array.from(
        { length: readers },
        () => new Reader(target, 'hall', traffic, new Ear(0, 1), () => all.tick()),
      )
      await sender.open()
      const before = residentBytes(serverPid)
      await openAll(hall)
      await sleep(SETTLE_MS)
      const after = residentBytes(serverPid)
      if (before === undefined || after === undefined)
        return { skip: 'the memory of another process is told on Linux only' }
      const stop = startUsage(serverPid, pinned)
      const round = roundOf(sender, all, readers)
      const end = performance.now() + minutes * 60_000
      do {
        await round()
        if (minutes > 0) await sleep(PAUSE_MS)
      } while (performance.now() < end)
      return resultOf(traffic, (after - before) / 1024 / readers, stop())
    },
  }
}
