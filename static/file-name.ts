// The name under which a file goes out: as the server takes it, as much of it as there is room for.

const MOST_POINTS = 100

/** Without what the server refuses in a name; a name that is too long keeps its ending. */
export function fileName(name: string): string {
  const clean = name.normalize('NFC').replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069/\\]/gu, '')
  const points = Array.from(clean.trim())
  const ending = /\.[^.]{1,10}$/u.exec(clean)?.[0] ?? ''
  if (points.length > MOST_POINTS) return points.slice(0, MOST_POINTS - Array.from(ending).length).join('') + ending
  return /^\.{0,2}$/.test(points.join('')) ? 'file' : points.join('')
}
