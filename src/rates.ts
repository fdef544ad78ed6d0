// How fast people and addresses may be, as the settings say it.
//
//     --rate, --burst                    one person: a session, or a name at an address
//     --address-rate, --address-burst    all who share an address: messages
//     --address-joins                    joins; fifty seconds' worth may come at once, so that a class can
//     --address-rooms                    new rooms, with the burst of the messages
//
// --rate off lifts the rate of messages for addresses too, and that of the notes of coming and going.
//
// Scripts and tests on this machine are not counted while nothing is said of the rate of addresses; their joins
// are counted, with as much again as a class has fifty times.

import type { Config } from './config.js'
import type { Rate, Rates } from './core/people/limits.js'
import { isLocal } from './transports/address.js'

/** Joins that may come at once are those of so many seconds. */
const JOIN_SECONDS = 50

/** Joins a second of this machine's own addresses. */
const LOCAL_JOINS = 100

/** Notes of coming and going that a room's log gets: a class of thirty comes, goes and comes back, then ten a minute. */
const NOTES: Rate = { perSecond: 1 / 6, burst: 100 }

export function ratesOf(config: Config): Rates {
  const { rate, burst, addressRate, addressJoins, addressRooms, addressBurst, given } = config
  const joins = { perSecond: addressJoins, burst: Math.min(addressBurst, JOIN_SECONDS * addressJoins) }
  const isOff = rate === Infinity
  return {
    isFree: given.includes('addressRate') || given.includes('addressBurst') ? () => false : isLocal,
    person: { perSecond: rate, burst },
    address: { perSecond: isOff ? Infinity : addressRate, burst: addressBurst },
    joins,
    freeJoins: given.includes('addressJoins') ? joins : { perSecond: LOCAL_JOINS, burst: addressBurst },
    rooms: { perSecond: addressRooms, burst: addressBurst },
    notes: isOff ? { perSecond: Infinity, burst: Infinity } : NOTES,
  }
}
