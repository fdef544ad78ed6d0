// How fast messages are taken: 32 senders on kept connections, one room, no readers.

import { setTimeout as sleep } from 'node:timers/promises'
import { Sender } from '../clients.js'
import { openAll } from '../http-connection.js'
import { measured, type Scenario } from '../scenario.js'
import type { Traffic } from '../traffic.js'

const SENDERS = 32

export const send: Scenario = {
  name: 'send',
  title: `${SENDERS} senders on kept connections, one room, nobody reads`,
  unit: 'messages/s',
  better: 'more',
  sides: ['ours', 'nchan', 'reference'],
  sockets: SENDERS,
  async run(stage) {
    const { target, traffic, warmMs, measureMs } = stage
    const senders = Array.from({ length: SENDERS }, (_, number) => new Sender(target, number, traffic))
    await openAll(senders)
    for (const sender of senders) sayOn(sender, traffic)
    await sleep(warmMs)
    return measured(
      stage,
      () => sleep(measureMs),
      ({ seconds }) => traffic.delivered / seconds,
    )
  },
}

function sayOn(sender: Sender, traffic: Traffic): void {
  let at = 0
  const next = (): void => {
    const now = performance.now()
    if (at > 0) {
      traffic.delivered++
      traffic.latency.add(now - at)
    }
    at = now
    sender.say('hall', next, { at })
  }
  next()
}
