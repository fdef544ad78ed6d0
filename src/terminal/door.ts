// A chat with a password asks for it before anything else, as the page does. The password is not shown while it is
// typed.
//
//     GET /members ── 200 ──> in
//                  └─ 401 ─> POST /login, empty ── 400 ──> there is a password: ask, and look again
//                                              └── 204 ──> there is none: this chat asks for tokens

import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { call, type Credentials, Refused, defaultPlatform } from '../client/index.js'
import { isUnauthorized } from '../client/wire.js'

export type DoorOptions = {
  readonly url: string
  readonly room: string
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  /** The credentials for a chat that does not ask for a password. */
  readonly otherwise: Credentials
}

/** Resolves with the credentials; undefined when the person leaves instead. */
export async function letIn({ url, room, input, output, otherwise }: DoorOptions): Promise<Credentials | undefined> {
  if ((await isOpen(url, room)) || !(await hasPassword(url))) return otherwise
  for (;;) {
    const password = await askSecret(input, output, 'password: ')
    if (password === undefined) return undefined
    if (password === '') continue
    if (await isOpen(url, room, password)) return { password }
    output.write('-- this is not the password: try again, or ask whoever runs the chat\n')
  }
}

async function isOpen(url: string, room: string, password?: string): Promise<boolean> {
  try {
    await call(defaultPlatform, { url, path: `/members?room=${room}`, password })
    return true
  } catch (error) {
    if (isUnauthorized(error)) return false
    throw error
  }
}

/** An empty `/login` is no try: the answer says that the password is missing, or there is none. */
async function hasPassword(url: string): Promise<boolean> {
  try {
    await call(defaultPlatform, { url, path: '/login', body: {} })
    return false
  } catch (error) {
    if (error instanceof Refused && error.code === 'bad_request') return true
    throw error
  }
}

/** Asks for a line without showing it. readline puts the terminal into raw mode, and what it draws goes nowhere. */
function askSecret(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  question: string,
): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const readline = createInterface({ input, output: nowhere, terminal: true, historySize: 0 })
  output.write(question)
  return new Promise((resolve) => {
    let answer: string | undefined
    readline.once('line', (line) => {
      answer = line
      readline.close()
    })
    // Ctrl-C; Ctrl-D closes by itself.
    readline.once('SIGINT', () => readline.close())
    // The terminal has gone (hangup.ts). This error may come from readline's own closing, which must not begin again.
    readline.on('error', () => setImmediate(() => readline.close()))
    readline.once('close', () => {
      output.write('\n')
      resolve(answer)
    })
  })
}
