// A solution of exercise 3.

export function placeOf(cursor, { epoch, last }) {
  if (cursor === '') return { since: 0, gap: undefined }
  const match = /^([0-9a-z]+)\.(\d+)$/.exec(cursor)
  if (match === null) throw new Error('since is a cursor: the `next` of the last answer')
  const since = Number(match[2])
  if (match[1] !== epoch) return { since: 0, gap: 'restart' }
  if (since > last) return { since: 0, gap: 'rewind' }
  return { since, gap: undefined }
}
