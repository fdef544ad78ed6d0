// Lines by hand: bytes out exactly as a test writes them, and the lines that came back.

import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { until } from './server.js'

export type Talker = {
  readonly socket: Socket
  readonly lines: readonly string[]
  readonly isClosed: boolean
  /** Writes lines, each with its end. */
  say(...lines: readonly string[]): void
  /** Waits for a line; answers all lines up to it, and forgets them. */
  hear(line: string): Promise<string[]>
  closed(): Promise<void>
}

export function talk(port: number): Talker {
  const lines: string[] = []
  const socket = connect({ port, host: '127.0.0.1' })
  let rest = ''
  let isClosed = false
  socket.setEncoding('utf8').on('data', (chunk) => {
    const parts = (rest + String(chunk)).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  socket.on('error', () => undefined).on('close', () => (isClosed = true)) // A reset is one of the ends that tests expect.
  onTestFinished(() => void socket.destroy())
  return {
    socket,
    lines,
    get isClosed() {
      return isClosed
    },
    say: (...said) => void socket.write(said.map((line) => `${line}\n`).join('')),
    async hear(line) {
      await until(
        () => lines,
        (all) => all.includes(line),
      )
      return lines.splice(0, lines.indexOf(line) + 1)
    },
    closed: async () =>
      void (await until(
        () => isClosed,
        (so) => so,
      )),
  }
}
