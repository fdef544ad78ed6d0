// Ordinary people who chat during an attack. Some talk over HTTP, all of them poll, and the time of each message to
// each person is measured.

import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export type People = {
  /** Milliseconds from sending to each reader, in the order in which they came. */
  readonly delays: number[]
  /** Answers that were not 200 or 201, and connections that broke. */
  readonly failures: string[]
  /** Ends the chat; resolves when all people have gone. */
  stop(): Promise<void>
}

const EVERY_MS = 50

/** So many people in one room, each of whom says something now and then. */
export function startPeople(url: string, count = 10): People {
  const agent = new Agent({ keepAlive: true })
  const [delays, failures]: [number[], string[]] = [[], []]
  let isOver = false
  const ask = (method: string, path: string, body?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const asked = request(`${url}${path}`, { agent, method, timeout: 30_000 }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => (text += String(chunk)))
        response.on('end', () =>
          Number(response.statusCode) < 300 ? resolve(text) : reject(new Error(`${response.statusCode} ${text}`)),
        )
      })
      asked.on('timeout', () => asked.destroy(new Error('no answer within 30 s')))
      asked.on('error', reject)
      asked.end(body)
    })
  const noteFailure = (error: unknown): void => void failures.push(String(error))
  const read = async (): Promise<void> => {
    let next = 'now'
    while (!isOver) {
      const answer: { next: string; messages: { text: string }[] } = JSON.parse(
        await ask('GET', `/poll?room=people&since=${next}&wait=2`),
      )
      const now = performance.now()
      for (const { text } of answer.messages) delays.push(now - Number(text))
      next = answer.next
    }
  }
  const talk = async (): Promise<void> => {
    for (let i = 0; ; i++) {
      // The last message is sent when it is over: it ends the polls that are parked.
      const isLast = isOver
      await ask('POST', `/send?room=people&username=person${i % count}`, String(performance.now()))
      if (isLast) return
      await sleep(EVERY_MS)
    }
  }
  const all = Promise.all([...Array.from({ length: count }, read), talk()].map((life) => life.catch(noteFailure)))
  return {
    delays,
    failures,
    async stop() {
      isOver = true
      await all
      agent.destroy()
    },
  }
}

/** The 99th percentile. */
export function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN
}
