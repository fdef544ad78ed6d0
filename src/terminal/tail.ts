// `mini-chat tail`: rooms as lines of text, or of JSON, as long as there is a reader. The next poll goes out when the
// lines of the last have been taken, so a slow reader slows down the polling, and nothing piles up here.

import { type Credentials, follow, type FollowEvent } from '../client/index.js'
import { gapSentence, lineOf, withFile } from './format.js'
import type { Outlet } from './pipe.js'
import { probe } from './probe.js'
import { sanitizeJson } from './sanitize.js'
import { Seen } from './seen.js'

export type TailOptions = {
  readonly url: string
  readonly credentials: Credentials
  readonly rooms: readonly string[]
  /** Where to begin; undefined: with the newest `lines` messages of each room. */
  readonly since: string | undefined
  readonly lines: number
  readonly json: boolean
  readonly signal: AbortSignal
  readonly output: Outlet
  /** Tells the person what is not a message. */
  readonly notice: (sentence: string) => void
}

/** Resolves when the signal is aborted or the reader has gone. Throws when the server refuses, or is not there. */
export async function tail({
  url,
  credentials,
  rooms,
  since,
  lines,
  json,
  signal,
  output,
  notice,
}: TailOptions): Promise<void> {
  // A wrong address should be reported at once; a connection that is lost later is waited for.
  await probe(url, signal)
  const begin = since ?? (lines === 0 ? 'now' : undefined)
  const following = follow({
    url,
    credentials,
    rooms,
    signal,
    ...(begin === undefined ? { limit: lines } : { since: begin }),
  })
  const undo = output.onGone(() => following.close())
  const rowsOf = json ? jsonRows : textRows(url, rooms.length > 1, notice)
  let rows: string[] = []
  let connected = true
  for await (const event of following) {
    rows.push(...rowsOf(event))
    if (event.kind === 'waiting' && connected)
      notice(`no connection to ${url}: trying again in ${Math.ceil(event.ms / 1000)} s, and until it is back`)
    if (event.kind === 'live' && !connected) notice('connected again')
    connected = event.kind === 'waiting' ? false : connected || event.kind === 'live'
    if (event.kind !== 'live') continue
    await output.write(rows)
    rows = []
  }
  undo()
}

/** Messages of every type as they came, and gaps in the form of the other transports. */
function jsonRows(event: FollowEvent): string[] {
  if (event.kind === 'message') return [sanitizeJson(event.message)]
  return event.kind === 'gap' ? [sanitizeJson({ type: 'gap', ...event.gap })] : []
}

function textRows(
  url: string,
  withRoom: boolean,
  notice: (sentence: string) => void,
): (event: FollowEvent) => string[] {
  const seen = new Seen()
  return (event) => {
    if (event.kind === 'gap') {
      if (event.gap.reason !== 'overflow') seen.forget(event.gap.room)
      notice(gapSentence(event.gap))
    }
    const row = event.kind === 'message' ? lineOf(withFile(seen.take(event.message), url), withRoom) : undefined
    return row === undefined ? [] : [row]
  }
}
