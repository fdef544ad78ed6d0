// Colours and weights, for terminals that have them. Elsewhere (a pipe, NO_COLOR, TERM=dumb) everything stays as it
// is, and a character says what a weight would say.
//
// The colour of a name is a hash of its letters: the same in every terminal, on every day, without a table.

export type Paint = {
  name(username: string, shown: string): string
  dim(words: string): string
  bold(words: string): string
  /** For the person's own name in another's text. */
  mention(words: string): string
  warning(words: string): string
}

/** Those of xterm's 256 colours that have at least 3.8 : 1 against black and against white, one for each hue. */
export const NAME_COLOURS = [166, 130, 100, 64, 28, 29, 30, 31, 32, 27, 62, 99, 134, 165, 163, 162, 161, 132] as const

const same = (words: string): string => words

export const PLAIN: Paint = {
  name: (_username, shown) => shown,
  dim: same,
  bold: same,
  mention: same,
  warning: same,
}

const sgr =
  (on: string, off: string) =>
  (words: string): string =>
    `\x1b[${on}m${words}\x1b[${off}m`

/** `bits`: how many colours the terminal shows, as `getColorDepth` says it. */
export function paintOf(bits: number): Paint {
  if (bits < 4) return PLAIN
  return {
    name: (username, shown) =>
      sgr(bits >= 8 ? `38;5;${colourOf(username, NAME_COLOURS)}` : colourOf(username, BASIC), '39')(shown),
    dim: sgr('2', '22'),
    bold: sgr('1', '22'),
    mention: sgr('1;7', '22;27'),
    warning: sgr('33', '39'),
  }
}

/** NO_COLOR counts when it is not empty (https://no-color.org); Node counts an empty one too. */
export function colourEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env['NO_COLOR'] === '' ? { ...env, NO_COLOR: undefined } : env
}

/** A terminal of 16 colours has its own idea of each; these are readable in most themes. */
const BASIC = ['31', '32', '33', '34', '35', '36']

function colourOf<T>(username: string, colours: readonly T[]): string {
  // FNV-1a: one multiplication a character, and names that differ in one letter get different colours.
  let hash = 0x811c9dc5
  for (const character of username) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return String(colours[(hash >>> 8) % colours.length])
}
