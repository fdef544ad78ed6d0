// A hall full of readers, and one person who speaks in it.

import { Connection, type Target } from './http-connection.js'

export type Hall = { answers(): number; close(): void }
export type Sender = { send(room: string): Promise<void>; close(): void }

/** Readers that poll again and again. */
export async function openHall(target: Target, count: number, wait: number): Promise<Hall> {
  let answers = 0
  const all = Array.from({ length: count }, () => {
    let since = 'now'
    const ask = (): void =>
      connection.request(`GET /poll?room=hall&since=${since}&wait=${wait} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    const connection = new Connection(target, (bytes) =>
      taken(bytes, (body) => {
        answers++
        since = /"next":"([^"]+)"/.exec(body)?.[1] ?? since
        connection.done()
        ask()
      }),
    )
    return { connection, ask }
  })
  for (const { connection, ask } of all) {
    await connection.open()
    ask()
  }
  return { answers: () => answers, close: () => all.forEach(({ connection }) => connection.close()) }
}

/** Sends a message of a usual length, and waits until it is kept. */
export async function openSender(target: Target): Promise<Sender> {
  let sent = (): void => undefined
  const connection = new Connection(target, (bytes) => taken(bytes, () => (connection.done(), sent())))
  await connection.open()
  const text = 'a message of a usual length, some fifty letters'
  return {
    send: (room) =>
      new Promise((resolve) => {
        sent = resolve
        connection.request(
          `POST /send?room=${room}&username=ada HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
        )
      }),
    close: () => connection.close(),
  }
}

/** Takes the whole answers out of what came, and returns the rest. */
function taken(bytes: Buffer, answered: (body: string) => void): Buffer {
  let rest = bytes
  for (;;) {
    const cut = rest.indexOf('\r\n\r\n')
    if (cut < 0) return rest
    const length = Number(/content-length: (\d+)/i.exec(rest.toString('latin1', 0, cut))?.[1] ?? 0)
    if (rest.length < cut + 4 + length) return rest
    answered(rest.toString('latin1', cut + 4, cut + 4 + length))
    rest = rest.subarray(cut + 4 + length)
  }
}
