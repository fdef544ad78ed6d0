// How fast people and addresses may be, as the settings say it.
//
//     --rate, --burst                    one person
//     --address-rate, --address-burst    all who share an address: messages
//     --address-joins, --address-rooms   and joins, and new rooms, with the same burst
//
// --rate off lifts the rate of messages for addresses too.

import { defaults } from './command.js'
import type { Config } from './config.js'
import type { Rates } from './core/people/limits.js'
import { isLocal } from './transports/address.js'

export function ratesOf({ rate, burst, addressRate, addressJoins, addressRooms, addressBurst }: Config): Rates {
  const preset = defaults()
  const isDefault = addressRate === preset.addressRate && addressBurst === preset.addressBurst
  return {
    // Scripts and benchmarks on this machine are counted only where somebody set the rate.
    isFree: isDefault ? isLocal : () => false,
    person: { perSecond: rate, burst },
    address: { perSecond: rate === Infinity ? Infinity : addressRate, burst: addressBurst },
    joins: { perSecond: addressJoins, burst: addressBurst },
    rooms: { perSecond: addressRooms, burst: addressBurst },
  }
}
