// Breaks a text into rows of a terminal, so that every row of a message but its first is indented. Otherwise the
// terminal would go on with a long row at the left edge, and a text with enough spaces could put something there that
// looks like another person's line.
//
// Widths are never counted too small: a character that some terminal may draw two columns wide counts as two. So a
// row may end early, and never late.

/** U+FE0F, which makes the character before it an emoji, is not among these: it may make it wider. */
const ZERO = /^(?!\ufe0f)[\p{Mn}\p{Me}\p{Cf}]$/u
const WIDE =
  /^[\p{Extended_Pictographic}\p{Emoji_Presentation}\p{Regional_Indicator}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Tangut}\u2e80-\u303e\u3099-\u33ff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6]$/u

/** A row holds at least so much, however narrow the terminal is. */
const LEAST = 10

/** How many columns a text without control characters takes at most. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += widthOfOne(character)
  return width
}

/** Rows of at most `first` columns, then `others`; broken behind a space where there is one. */
export function wrap(text: string, first: number, others: number): string[] {
  const rows: string[] = []
  let row = ''
  let used = 0
  for (const character of text) {
    const width = widthOfOne(character)
    if (used + width > Math.max(LEAST, rows.length === 0 ? first : others)) {
      const cut = row.lastIndexOf(' ') + 1 || row.length
      rows.push(row.slice(0, cut))
      row = row.slice(cut)
      used = widthOf(row)
    }
    row += character
    used += width
  }
  return [...rows, row]
}

function widthOfOne(character: string): number {
  if (character >= ' ' && character <= '~') return 1
  return ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1
}
