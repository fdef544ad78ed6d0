// Judges a soak by counting: the log against the acknowledged messages, and what each reader was told against the
// log.
//
//     lost       acknowledged and not in the log, told and not in the log, or in the log and not told
//     doubled    twice in the log, or told twice in one visit
//     disorder   told before an earlier message of the log; an id is missing; the epoch changed

import type { Message } from '../../src/core/rooms/message.js'

/** What came by one connection, or by one loop of polls that goes on where it was. */
export type Visited = { readonly texts: readonly string[]; readonly missed: number }

export type Reader = {
  readonly name: string
  /** Does a visit begin where the one before ended? Else it begins with the room's recent messages. */
  readonly resumes: boolean
  readonly visits: readonly Visited[]
}

export type Log = {
  readonly epochs: ReadonlySet<string>
  readonly messages: readonly Pick<Message, 'id' | 'type' | 'text'>[]
}

export type Verdict = {
  readonly lost: number
  readonly doubled: number
  readonly disorder: number
  readonly faults: string[]
}

/** `acknowledged`: texts, each of which was said once. A reader is judged from the first message that it was told. */
export function judge(log: Log, acknowledged: readonly string[], readers: readonly Reader[]): Verdict {
  const count = { lost: 0, doubled: 0, disorder: 0 }
  const faults: string[] = []
  const note = (kind: keyof typeof count, times: number, what: string): void => {
    if (times <= 0) return
    count[kind] += times
    faults.push(`${kind} ${times}: ${what}`)
  }
  note('disorder', log.epochs.size - 1, 'the log had several epochs')
  const places = new Map<string, number>()
  for (const [i, { id, type, text }] of log.messages.entries()) {
    if (id !== i + 1) note('disorder', 1, `the log has ${id} in place ${i + 1}`)
    if (type !== 'chat') continue
    if (places.has(text)) note('doubled', 1, `${text} is twice in the log`)
    places.set(text, places.size)
  }
  for (const text of acknowledged) if (!places.has(text)) note('lost', 1, `${text} was acknowledged`)
  for (const { name, resumes, visits } of readers) {
    let most: number | undefined
    for (const [visit, { texts, missed }] of visits.entries()) {
      // Where it does not go on from its last visit, it may be told again what it had then.
      let last = resumes ? most : undefined
      let unexplained = 0
      for (const text of texts) {
        const where = `${name}, visit ${visit + 1}, ${text}`
        const place = places.get(text)
        if (place === undefined) {
          note('lost', 1, `${where} was told, and is not in the log`)
          continue
        }
        if (place === last) note('doubled', 1, where)
        else if (last !== undefined && place < last) note('disorder', 1, where)
        const from = last ?? most
        if (from !== undefined) unexplained += Math.max(0, place - from - 1)
        last = place
        most = Math.max(most ?? place, place)
      }
      note('lost', unexplained - missed, `${name}, visit ${visit + 1}`)
    }
    note('lost', places.size - 1 - (most ?? -1), `${name} was not told of the last ones`)
  }
  return { ...count, faults }
}
