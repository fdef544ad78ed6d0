// The token of a school or a company (a JSON Web Token), for a chat that asks for one. It comes in the address,
// behind the room: /#lobby&token=eyJ…, a part that a browser sends to no server. It is taken out of the address
// before anything else happens, so that it is not copied along with the address, and Back does not bring it again.
//
// It is kept for this tab, as long as the tab lasts: for when the server forgets the session.

import { asString, stored } from './storage.js'

const storedToken = stored('session', 'token', asString)

/** The token of this tab; undefined without one. */
export function tokenHere(): string | undefined {
  const token = storedToken.read()
  return token === '' ? undefined : token
}

/** Takes the token out of the address and keeps it. Answers whether there is a new one. */
export function takeToken(): boolean {
  const [room = '', ...rest] = location.hash.slice(1).split('&')
  const token = new URLSearchParams(rest.join('&')).get('token')
  if (token === null) return false
  history.replaceState(history.state, '', `#${room}`)
  storedToken.write(token)
  return true
}

export function forgetToken(): void {
  storedToken.write('')
}
