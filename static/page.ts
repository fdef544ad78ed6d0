// The page: the first sheet, which asks for a name, and then the chat. A newcomer has to wait only for the sheet. The
// chat is loaded while the name is typed, or at once for a person who is known.

import { defaultPlatform as platform } from '../src/client/platform.js'
import { call, isUnauthorized, Refused } from '../src/client/wire.js'
import { BASE } from './base.js'
import { chooseLanguage } from './language.js'
import { Rooms, wrongInAddress } from './rooms.js'
import type { PasswordBox } from './password.js'
import { Session } from './session.js'
import { asFields, asStrings } from './storage.js'
import { takeToken, tokenHere } from './token.js'
import { Welcome, whyRefused } from './welcome.js'

const hasPassword = 'password' in document.documentElement.dataset
const session = new Session()
// Before any other code reads the address.
if (takeToken()) session.drop()
// A link with a token was opened in a tab that has the chat already.
addEventListener('hashchange', () => {
  if (!takeToken()) return
  session.drop()
  location.reload()
})
await chooseLanguage()
const rooms = new Rooms()
let state: 'outside' | 'entering' | 'inside' = 'outside'

/** On the first sheet of a browser that has not given the password. */
let password: PasswordBox | undefined

const welcome = new Welcome({
  begun: () => void import('./chat.js'),
  async enter(name, room) {
    if (password !== undefined && !(await password.give())) return
    await enter(() => session.join(room, name), room)
  },
})

// Another tab of this browser has a new session, or has left.
session.onChange(() => {
  if (state === 'outside' && session.token !== undefined) {
    forgetPassword()
    void comeBack()
  } else if (state === 'inside' && session.isForgotten) location.reload()
})
if (hasPassword) {
  const { passwordBox } = await import('./password.js')
  password = await passwordBox()
}
await comeBack()

/** A known person goes straight in; everyone else sees the first sheet. */
async function comeBack(): Promise<void> {
  const room = rooms.current
  const wrong = wrongInAddress()
  if (password !== undefined || (session.token === undefined && tokenHere() === undefined)) {
    welcome.show(session.username, room)
    if (password !== undefined) welcome.ask(...password.boxes)
    if (wrong !== '') await welcome.refuseRoom(wrong)
    if (password === undefined) await lookInto(room)
    return
  }
  try {
    await enter(() => session.join(room), room, wrong)
  } catch (error) {
    if (!hasPassword && isUnauthorized(error)) return refuse()
    if (error instanceof Refused && error.isFinal) return welcome.show(session.username, room, whyRefused(error))
    // No connection: the chat opens, and says so.
    await enter(() => Promise.resolve(), room, wrong)
  }
}

/** The password was given: its box is not needed any more. */
function forgetPassword(): void {
  password?.remove()
  password = undefined
}

/** A name is not enough here: says what is needed. */
async function refuse(): Promise<void> {
  const { noToken } = await import('./why-not.js')
  welcome.refuse(noToken())
}

/** While the sheet is there: asks who is in the room, and whether a token is needed. */
async function lookInto(room: string): Promise<void> {
  try {
    const { members } = asFields(await call(platform, { url: BASE, path: `/members?room=${room}` }))
    welcome.crowd(room, asStrings(members).length)
  } catch (error) {
    // No connection is told when the person tries to enter.
    if (!hasPassword && isUnauthorized(error)) await refuse()
  }
}

/** `wrong`: the part of the address that names no room, which the chat will say. */
async function enter(join: () => Promise<void>, room: string, wrong = ''): Promise<void> {
  state = 'entering'
  // Loaded while the server answers. If that fails, the error is told where it is awaited.
  const loading = import('./chat.js')
  loading.catch(() => undefined)
  try {
    await join()
    const { open } = await loading
    state = 'inside'
    rooms.go(room)
    welcome.hide()
    forgetPassword()
    open(session, rooms, wrong)
  } finally {
    if (state === 'entering') state = 'outside'
  }
}
