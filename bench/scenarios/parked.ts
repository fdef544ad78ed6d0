// What a parked poll costs in memory, and how long one message takes to reach the last of a full house.

import { setTimeout as sleep } from 'node:timers/promises'
import { Reader, Sender } from '../clients.js'
import { openAll } from '../connection.js'
import { residentBytes, startUsage } from '../measure.js'
import { Countdown, resultOf, type Scenario } from '../scenario.js'
import { Ear } from '../traffic.js'

const SETTLE_MS = 4000

export function parked(readers: number): Scenario {
  return {
    name: `parked-${readers}`,
    title: `${readers.toLocaleString('en')} parked polls: memory for each; latency of one message to all of them`,
    unit: 'KiB each',
    better: 'less',
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
      const done = all.start(readers + 1)
      sender.say('hall', () => all.tick())
      await done
      return resultOf(traffic, (after - before) / 1024 / readers, stop())
    },
  }
}
