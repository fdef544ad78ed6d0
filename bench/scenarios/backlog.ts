// All readers come at once, to a room that has its 500 messages: 32 connections fetch all of them again and again.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from '../answers.js'
import { connectTo, Sender } from '../clients.js'
import { type Connection, openAll } from '../http-connection.js'
import { Countdown, measured, type Scenario, type Stage } from '../scenario.js'

const MESSAGES = 500
const CONNECTIONS = 32

export const backlog: Scenario = {
  name: 'backlog',
  title: `the ${MESSAGES} messages of an unchanged room, fetched on ${CONNECTIONS} connections`,
  unit: 'answers/s',
  better: 'more',
  sides: ['ours', 'reference'],
  sockets: CONNECTIONS + 1,
  async run(stage) {
    const { target, traffic, warmMs, measureMs } = stage
    const sender = new Sender(target, 0, traffic)
    await sender.open()
    const answered = new Countdown()
    for (let i = 0; i < MESSAGES; i++) {
      const done = answered.start(1)
      sender.say('hall', () => answered.tick())
      await done
    }
    const connections = Array.from({ length: CONNECTIONS }, () => fetchOn(stage))
    await openAll(connections)
    for (const connection of connections) connection.request(target.dialect.poll('hall', '0'))
    await sleep(warmMs)
    return measured(
      stage,
      () => sleep(measureMs),
      ({ seconds }) => traffic.delivered / seconds,
    )
  },
}

function fetchOn({ target, traffic }: Stage): Connection {
  let at = performance.now()
  let checked: Answer['marks'] | undefined
  const connection = connectTo(target, ({ marks }) => {
    if (marks !== checked) check(marks)
    checked = marks
    const now = performance.now()
    traffic.delivered++
    traffic.latency.add(now - at)
    at = now
    connection.request(target.dialect.poll('hall', '0'))
  })
  return connection
}

function check(marks: Answer['marks']): void {
  if (marks.length === MESSAGES && marks.every(({ n }, i) => n === i + 1)) return
  throw new Error(`the answer has ${marks.length} messages, or not in order: ${MESSAGES} were said`)
}
