// The place of a reader: the rooms that it follows, and the cursor that says how far it has read.

export type PollTarget = { readonly rooms: readonly string[]; readonly since: string | undefined }

/**
 * The other parameters of a poll: seconds to wait, the most messages a room, whether presence is told, and with it how far
 * members have read.
 */
export type PollOptions = {
  readonly wait: number
  readonly limit: number | undefined
  readonly presence: boolean | undefined
  readonly seen?: boolean | undefined
}

/** The address of a poll from here. */
export function pathOf({ rooms, since }: PollTarget, { wait, limit, presence, seen }: PollOptions): string {
  const names = rooms.map((room) => `room=${encodeURIComponent(room)}`).join('&')
  const cursor = since === undefined ? '' : `&since=${encodeURIComponent(since)}`
  const most = limit === undefined ? '' : `&limit=${limit}`
  const state = presence === true ? `&presence=1${seen === true ? '&seen=1' : ''}` : ''
  return `/poll?${names}${cursor}&wait=${wait}${most}${state}`
}

/**
 * The same place in other rooms. The cursor of one room does not name the room, so among several it would be lost. It
 * is given the room's name, in the form that the server itself writes.
 */
export function withRooms({ rooms: before, since }: PollTarget, rooms: readonly string[]): PollTarget {
  const [only] = before
  const isNamed = before.length > 1 || since === undefined || !/^[0-9a-z]{8}\.\d+(~|$)/.test(since)
  if (only === undefined || isNamed) return { rooms, since }
  return { rooms, since: rooms.includes(only) ? `${only}.${since}` : undefined }
}
