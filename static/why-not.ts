// Why one cannot come in, in a sentence. Loaded when that is so.

import { later } from './later-words.js'
import { say } from './words.js'

const LONGEST = 64

/** What is no name of a room, with one that could be meant. */
export function noName(name: string): string {
  if (name === '') return later.roomWanted
  const near = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\w-]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, LONGEST)
  return near === '' ? later.roomRule : `${later.roomRule} ${say(later.roomNear, { room: near })}`
}

export function noToken(): string {
  return later.tokenWanted
}

/** Where `most` are open. */
export function tooMany(most: number): string {
  return say(later.manyRooms, { n: most })
}
