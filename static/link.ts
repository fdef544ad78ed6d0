// The link to a room that works from other machines. A page that was opened on the server's own machine asks the
// server for its addresses. Of several addresses it takes the one that was chosen last, otherwise the likeliest.

import { defaultPlatform as platform } from '../src/client/platform.js'
import { call } from '../src/client/wire.js'
import { BASE } from './base.js'
import { asFields, asString, asStrings, stored } from './storage.js'

const chosen = stored('local', 'address', asString)

export type RoomLink = {
  readonly href: string
  /** The server's addresses, one of which is in the link. Empty if the page's own address works. */
  readonly addresses: readonly string[]
  /** Does the link work only on this machine? */
  readonly isLocal: boolean
}

export async function linkTo(room: string): Promise<RoomLink> {
  const here = new URL(document.baseURI)
  const addresses = isLocal(here) ? await ask() : []
  const base = addresses.find((address) => address === chosen.read()) ?? addresses[0]
  const link = new URL(base === undefined ? here.href : `${base}/`)
  link.search = ''
  link.hash = room
  return { href: link.href, addresses, isLocal: isLocal(link) }
}

/** From now on links have this address. */
export function choose(address: string): void {
  chosen.write(address)
}

/** A link as it is read aloud and typed: without the parts that a browser adds. */
export function wordsOf(href: string): string {
  return href.replace(/^http:\/\//, '')
}

async function ask(): Promise<string[]> {
  try {
    const { addresses } = asFields(await call(platform, { url: BASE, path: '/addresses' }))
    return asStrings(addresses).filter((address) => URL.canParse(address))
  } catch {
    // An older server, or no connection: the page's own address has to do.
    return []
  }
}

function isLocal({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}
