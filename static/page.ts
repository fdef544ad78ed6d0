// The page: the first sheet, which asks for a name, and then the chat. The sheet is all that a newcomer has to wait
// for; the chat is loaded while the name is being typed, or at once for somebody who is known.

import { Refused } from '../src/client/wire.js'
import { Me } from './me.js'
import { Rooms } from './rooms.js'
import { Welcome, whyRefused } from './welcome.js'

const me = new Me()
const rooms = new Rooms()
let state: 'outside' | 'entering' | 'inside' = 'outside'

const welcome = new Welcome({
  begun: () => void import('./chat.js'),
  async enter(name, room) {
    await enter(() => me.join(room, name), room)
  },
})

// Another tab of this browser said who I am, or that I am nobody any more.
me.onChange(() => {
  if (state === 'outside' && me.token !== undefined) void comeBack()
  else if (state === 'inside' && me.token === undefined) location.reload()
})
if ('password' in document.documentElement.dataset) await import('./password.js').then(({ letIn }) => letIn())
await comeBack()

/** Straight in for somebody who is known, the first sheet for everybody else. */
async function comeBack(): Promise<void> {
  const room = rooms.current
  if (me.token === undefined) return welcome.show(me.username, room)
  try {
    await enter(() => me.join(room), room)
  } catch (error) {
    if (error instanceof Refused && error.isFinal) return welcome.show(me.username, room, whyRefused(error))
    // No connection: the chat opens, and says so.
    await enter(() => Promise.resolve(), room)
  }
}

async function enter(join: () => Promise<void>, room: string): Promise<void> {
  state = 'entering'
  try {
    await join()
    const { open } = await import('./chat.js')
    state = 'inside'
    rooms.go(room)
    welcome.hide()
    open(me, rooms)
  } finally {
    if (state === 'entering') state = 'outside'
  }
}
