// HTTP by hand over `node:net`: requests that no client library would send, and the exact answers.

import { connect, type Socket } from 'node:net'

export type RawAnswer = {
  readonly status: number
  /** By lower-case name; the values of a repeated one joined by a comma. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export class RawClient {
  readonly socket: Socket
  /** Joined when somebody looks: joined with each that comes, megabytes would be copied again and again. */
  #pieces: Buffer[] = []
  #ended = false
  readonly #wakes = new Set<() => void>()

  constructor(port: number, host = '127.0.0.1') {
    this.socket = connect({ port, host })
    this.socket.on('data', (chunk) => {
      this.#pieces.push(chunk)
      this.#wake()
    })
    this.socket.on('error', () => this.#wake()) // A reset is one of the answers that tests expect.
    this.socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  /** What came and was not read yet. */
  get rest(): string {
    return this.#joined().toString('latin1')
  }

  get closed(): boolean {
    return this.#ended
  }

  write(bytes: string | Uint8Array): boolean {
    return this.socket.write(bytes)
  }

  /** The next answer; undefined when the connection closed before it was whole. `head`: the answer to a HEAD. */
  async answer({ head = false, ms = 5000 } = {}): Promise<RawAnswer | undefined> {
    const end = performance.now() + ms
    for (;;) {
      const answer = this.#take(head)
      if (answer !== undefined) return answer
      if (this.#ended) return undefined
      await this.#more(end)
    }
  }

  /** Resolves when the server has closed the connection. */
  async end(ms = 5000): Promise<void> {
    const end = performance.now() + ms
    while (!this.#ended) await this.#more(end)
  }

  destroy(): void {
    this.socket.destroy()
  }

  #joined(): Buffer {
    const [first = Buffer.alloc(0)] = this.#pieces
    const data = this.#pieces.length > 1 ? Buffer.concat(this.#pieces) : first
    this.#pieces = [data]
    return data
  }

  #take(head: boolean): RawAnswer | undefined {
    const data = this.#joined()
    const cut = data.indexOf('\r\n\r\n')
    if (cut < 0) return undefined
    const [first = '', ...lines] = data.subarray(0, cut).toString('latin1').split('\r\n')
    const headers = new Map<string, string>()
    for (const line of lines) {
      const name = line.slice(0, line.indexOf(':')).toLowerCase()
      const value = line.slice(line.indexOf(':') + 1).trim()
      headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
    }
    const status = Number(first.split(' ')[1])
    const length =
      head || status === 204 || status === 304 || status < 200 ? 0 : Number(headers.get('content-length') ?? NaN)
    if (Number.isNaN(length)) throw new Error(`an answer without a length: ${first}`)
    if (data.length < cut + 4 + length) return undefined
    const body = data.subarray(cut + 4, cut + 4 + length).toString('utf8')
    this.#pieces = [data.subarray(cut + 4 + length)]
    return { status, headers, body }
  }

  #more(end: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          this.#wakes.delete(wake)
          reject(new Error(`nothing came in time; so far: ${JSON.stringify(this.rest.slice(0, 200))}`))
        },
        Math.max(0, end - performance.now()),
      )
      const wake = (): void => {
        clearTimeout(timer)
        resolve()
      }
      this.#wakes.add(wake)
    })
  }

  #wake(): void {
    const wakes = [...this.#wakes]
    this.#wakes.clear()
    for (const wake of wakes) wake()
  }
}

export type RawRequest = {
  readonly method?: string
  readonly path?: string
  readonly version?: string
  /** Name and value; `Host` is added unless it is named here. An undefined value leaves the header out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string | Uint8Array
}

/** A request as text, with its `Host` and `Content-Length`. */
export function head({ method = 'GET', path = '/', version = '1.1', headers = {}, body }: RawRequest): string {
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
  const all = Object.entries({ Host: 'localhost', ...length, ...headers })
  const lines = all.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return [`${method} ${path} HTTP/${version}`, ...lines, '', ''].join('\r\n')
}

/** One request on a connection of its own. */
export async function ask(port: number, request: RawRequest): Promise<RawAnswer> {
  const client = new RawClient(port)
  try {
    client.write(head(request))
    if (request.body !== undefined) client.write(Buffer.from(request.body))
    const answer = await client.answer({ head: request.method === 'HEAD', ms: 9000 })
    if (answer === undefined) throw new Error('the connection closed without an answer')
    return answer
  } finally {
    client.destroy()
  }
}
