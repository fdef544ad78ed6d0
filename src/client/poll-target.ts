// Where a reader is: which rooms it follows, and the cursor that says how far it is in them.

export type PollTarget = { readonly rooms: readonly string[]; readonly since: string | undefined }

/** What a poll asks besides: seconds to wait, the most messages a room, and whether presence is told. */
export type PollOptions = {
  readonly wait: number
  readonly limit: number | undefined
  readonly presence: boolean | undefined
}

/** The address of a poll from here. */
export function pathOf({ rooms, since }: PollTarget, { wait, limit, presence }: PollOptions): string {
  const names = rooms.map((room) => `room=${encodeURIComponent(room)}`).join('&')
  const cursor = since === undefined ? '' : `&since=${encodeURIComponent(since)}`
  const most = limit === undefined ? '' : `&limit=${limit}`
  return `/poll?${names}${cursor}&wait=${wait}${most}${presence === true ? '&presence=1' : ''}`
}

/**
 * The same place in other rooms. A cursor for one room does not name it, so among several it would be lost: it is
 * given its room's name, in the form that the server itself writes.
 */
export function withRooms({ rooms: before, since }: PollTarget, rooms: readonly string[]): PollTarget {
  const [only] = before
  const isNamed = before.length > 1 || since === undefined || !/^[0-9a-z]{8}\.\d+(~|$)/.test(since)
  if (only === undefined || isNamed) return { rooms, since }
  return { rooms, since: rooms.includes(only) ? `${only}.${since}` : undefined }
}
