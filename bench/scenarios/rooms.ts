// Many small conversations at once: 1,000 rooms with five readers each. Eight senders go through their own rooms
// in turn, and each says the next thing when its last one was answered.

import { setTimeout as sleep } from 'node:timers/promises'
import { Reader, Sender } from '../clients.js'
import { openAll } from '../http-connection.js'
import { measured, type Scenario } from '../scenario.js'
import { Ear } from '../traffic.js'

const ROOMS = 1000
const READERS_PER_ROOM = 5
const SENDERS = 8
/** Waits until all first polls are parked: a late reader would be told earlier messages, and they would count. */
const SETTLE_MS = 3000
const DRAIN_MS = 2000

export const rooms: Scenario = {
  name: 'rooms',
  title: `${ROOMS.toLocaleString('en')} rooms with ${READERS_PER_ROOM} readers each, ${SENDERS} senders`,
  unit: 'deliveries/s',
  better: 'more',
  sides: ['ours', 'nchan', 'reference'],
  sockets: ROOMS * READERS_PER_ROOM + SENDERS,
  async run(stage) {
    const { target, traffic, warmMs, measureMs } = stage
    const senders = Array.from({ length: SENDERS }, (_, number) => new Sender(target, number, traffic))
    const places = Array.from({ length: ROOMS * READERS_PER_ROOM }, (_, i) => i % ROOMS)
    // In a room one sender speaks, under the room's number, so that the room's order can be checked.
    const readers = places.map((room) => new Reader(target, `room-${room}`, traffic, new Ear(room, 1)))
    await openAll([...senders, ...readers])
    await sleep(SETTLE_MS)
    let speaking = true
    for (const sender of senders) sayOn(sender, () => speaking)
    await sleep(warmMs)
    const result = await measured(
      stage,
      () => sleep(measureMs),
      ({ seconds }) => traffic.delivered / seconds,
    )
    speaking = false
    await sleep(DRAIN_MS)
    const missing = readers.reduce((sum, { ear }) => sum + traffic.missing(ear), 0)
    return { ...result, lost: traffic.lost + missing, again: traffic.again }
  },
}

function sayOn(sender: Sender, speaking: () => boolean): void {
  let room = sender.number
  const next = (): void => {
    if (!speaking()) return
    sender.say(`room-${room}`, next, { as: room })
    room = (room + SENDERS) % ROOMS
  }
  next()
}
