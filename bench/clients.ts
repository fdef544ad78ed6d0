// The two kinds of client that every scenario is made of: a reader polls again as soon as it is answered, a
// sender says one thing at a time.

import { type Answer, Answers } from './answers.js'
import type { Dialect } from './dialects.js'
import { Connection, type Target } from './http-connection.js'
import { Ear, type Traffic } from './traffic.js'

const answers = new Answers()

/** Connections whose answers are taken one by one. */
export function connectTo(target: Target, onAnswer: (answer: Answer) => void): Connection {
  return new Connection(target, (bytes) => {
    let rest = bytes
    while (rest.length > 0) {
      const answer = answers.take(rest)
      if (answer === undefined) break
      rest = rest.subarray(answer.size)
      onAnswer(answer)
    }
    return rest
  })
}

export type Heard = (reader: Reader) => void

export class Reader {
  readonly ear: Ear
  readonly #dialect: Dialect
  readonly #room: string
  readonly #traffic: Traffic
  readonly #connection: Connection
  readonly #onHeard: Heard | undefined
  #next = '0'
  /** How much of the opening has been asked. */
  #asked = 0
  #opened = (): void => undefined

  /** Reads a room in which the senders from `first` on speak. `onHeard` is called after every answer with messages. */
  constructor(target: Target, room: string, traffic: Traffic, ear: Ear, onHeard?: Heard) {
    this.ear = ear
    this.#dialect = target.dialect
    this.#room = room
    this.#traffic = traffic
    this.#onHeard = onHeard
    this.#connection = connectTo(target, (answer) => this.#hear(answer))
  }

  /** Resolves when the first poll is on its way. */
  async open(): Promise<void> {
    await this.#connection.open()
    await new Promise<void>((resolve) => {
      this.#opened = resolve
      this.#poll()
    })
  }

  close(): void {
    this.#connection.close()
  }

  #poll(): void {
    const opening = this.#dialect.opening?.[this.#asked++]
    this.#connection.request((opening ?? this.#dialect.poll)(this.#room, this.#next))
    if (opening === undefined) this.#opened()
  }

  #hear({ status, next, marks }: Answer): void {
    if (status !== 200) throw new Error(`a poll was answered with ${status}`)
    const now = performance.now()
    for (const mark of marks) this.#traffic.hear(this.ear, mark, now)
    if (next !== '') this.#next = next
    this.#poll()
    if (marks.length > 0) this.#onHeard?.(this)
  }
}

export class Sender {
  readonly number: number
  readonly #dialect: Dialect
  readonly #traffic: Traffic
  readonly #connection: Connection
  #answered: (() => void) | undefined

  constructor(target: Target, number: number, traffic: Traffic) {
    this.number = number
    this.#dialect = target.dialect
    this.#traffic = traffic
    this.#connection = connectTo(target, ({ status }) => {
      if (status < 200 || status > 202) throw new Error(`a send was answered with ${status}`)
      this.#connection.done()
      this.#answered?.()
    })
  }

  open(): Promise<void> {
    return this.#connection.open()
  }

  close(): void {
    this.#connection.close()
  }

  /** Says the next message, timed from `at`; calls back when the server has it. `as`: the sender's name. */
  say(room: string, answered: () => void, { at = performance.now(), as = this.number } = {}): void {
    this.#answered = answered
    this.#connection.request(this.#dialect.send(room, `s${as}`, this.#traffic.say(as, at)))
  }
}
