// Waking 10,000 parked readers with one message: what the core's callbacks cost, beside a promise for each reader,
// and a promise with a timer and a signal for each.
//
//     say ──> ring ──> wake, wake, wake …          measured: CPU from saying it until the last one was called
//
// Parking them again is not part of it. The median of many rounds, after some that warm up.

import { Chat } from '../src/core/chat.js'
import { Reader } from '../src/core/rooms/reader.js'
import { systemClock, systemRandom } from '../src/platform.js'
import { memoryStore } from '../src/stores/memory.js'
import { median } from './table.js'

const READERS = 10_000
const WARM_ROUNDS = 20
const ROUNDS = 101

/** A kind of waiting: parks everyone, calling back for each who wakes, and returns what says the message. */
type Hall = { park(woken: () => void): void; say(): void }

export type Waking = { readonly title: string; readonly cpuMs: number }

export async function wakings(): Promise<Waking[]> {
  return [
    { title: 'callback for each reader (ours)', cpuMs: await medianCpu(await callbacks()) },
    { title: 'promise for each reader', cpuMs: await medianCpu(promises()) },
    { title: 'promise, timer and signal for each reader', cpuMs: await medianCpu(promisesWithTimers()) },
  ]
}

export function wakeTable(list: readonly Waking[]): string {
  const rows = list.map(({ title, cpuMs }) => `| ${title} | ${cpuMs.toFixed(2)} |`)
  return [
    `| waking ${READERS.toLocaleString('en')} parked readers with one message | CPU ms |`,
    '| --- | --: |',
    ...rows,
  ].join('\n')
}

async function medianCpu(hall: Hall): Promise<number> {
  const rounds: number[] = []
  for (let i = 0; i < WARM_ROUNDS + ROUNDS; i++) {
    const cpu = await round(hall)
    if (i >= WARM_ROUNDS) rounds.push(cpu)
  }
  return median(rounds)
}

function round(hall: Hall): Promise<number> {
  return new Promise((resolve) => {
    let left = READERS
    let before = process.cpuUsage()
    for (let i = 0; i < READERS; i++) {
      hall.park(() => {
        if (--left > 0) return
        const { user, system } = process.cpuUsage(before)
        resolve((user + system) / 1000)
      })
    }
    // Not in the same turn: what parking left to do is not part of waking.
    setTimeout(() => {
      before = process.cpuUsage()
      hall.say()
    }, 5)
  })
}

async function callbacks(): Promise<Hall> {
  const chat = new Chat({
    store: memoryStore(500, systemRandom),
    clock: systemClock,
    random: systemRandom,
    ringSize: 500,
    limits: { rooms: 10, bytes: 1e9, sessions: 10 },
  })
  const room = await chat.rooms.open('hall')
  const now = { place: () => 'now' as const, presence: undefined }
  return {
    park: (woken) => void new Reader([room], now, { limit: 500, presence: false }).park(woken),
    say: () => void chat.send({ room: 'hall', username: 'ada', text: 'hello' }),
  }
}

function promises(): Hall {
  const waiting = new Set<() => void>()
  const wait = async (woken: () => void): Promise<void> => {
    await new Promise<void>((resolve) => waiting.add(resolve))
    woken()
  }
  return { park: (woken) => void wait(woken), say: () => wakeAll(waiting) }
}

function promisesWithTimers(): Hall {
  const waiting = new Set<() => void>()
  const wait = async (woken: () => void): Promise<void> => {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), 25_000)
    await new Promise<void>((resolve) => {
      waiting.add(resolve)
      controller.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    clearTimeout(timer)
    woken()
  }
  return { park: (woken) => void wait(woken), say: () => wakeAll(waiting) }
}

function wakeAll(waiting: Set<() => void>): void {
  const everyone = [...waiting]
  waiting.clear()
  for (const wake of everyone) wake()
}
