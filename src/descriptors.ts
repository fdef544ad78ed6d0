// How many sockets may be open at one time. Each takes one of the file descriptors that the system allows a process.
// Without a free descriptor no connection can be accepted and no file opened, so some are left for the journal's
// files and for Node itself.

import { readFileSync } from 'node:fs'

/** Descriptors that are not for sockets: at least so many, or this part of all. */
const OTHERS = { least: 64, part: 0.1 }

/** The most descriptors of this process; `Infinity` where the system does not tell. */
export function mostDescriptors(read: () => string = () => readFileSync('/proc/self/limits', 'utf8')): number {
  try {
    const soft = /^Max open files +(\d+)/m.exec(read())?.[1]
    return soft === undefined ? Infinity : Number(soft)
  } catch {
    return Infinity // Not Linux, or no /proc.
  }
}

/** The most sockets, with so many descriptors. */
export function mostSockets(descriptors: number): number {
  return descriptors === Infinity
    ? Infinity
    : Math.max(16, Math.floor(descriptors - Math.max(OTHERS.least, descriptors * OTHERS.part)))
}
