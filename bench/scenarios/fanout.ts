// Everyone in one room, a closed loop: the next message goes when all have the last. What is measured is how fast
// one message reaches a hall, the readers' polling again included.

import { setTimeout as sleep } from 'node:timers/promises'
import { Reader, Sender } from '../clients.js'
import { openAll } from '../http-connection.js'
import { Countdown, measured, PARK_MS, repeat, type Scenario } from '../scenario.js'
import { Ear } from '../traffic.js'
import { roundOf } from './round.js'

export function fanout(readers: number): Scenario {
  const count = readers.toLocaleString('en')
  return {
    name: `fanout-${readers}`,
    title: `${count} parked in one room; the next message goes when all have the last`,
    unit: 'deliveries/s',
    better: 'more',
    sides: ['ours', 'nchan', 'socketio', 'reference'],
    sockets: readers + 1,
    async run(stage) {
      const { target, traffic, warmMs, measureMs } = stage
      const all = new Countdown()
      const sender = new Sender(target, 0, traffic)
      const hall = Array.from(
        { length: readers },
        () => new Reader(target, 'hall', traffic, new Ear(0, 1), () => all.tick()),
      )
      await openAll([sender, ...hall])
      await sleep(PARK_MS)
      const round = roundOf(sender, all, readers)
      await round()
      await repeat(warmMs, round)
      return measured(
        stage,
        () => repeat(measureMs, round),
        ({ seconds }) => traffic.delivered / seconds,
      )
    },
  }
}
