// Makes text that other people typed safe to write to a terminal. Everything foreign that this client prints (texts,
// names, rooms, the server's sentences) goes through here last, whatever was checked before.
//
// A terminal obeys the bytes that it gets: an escape sequence moves the cursor and rewrites another person's line, a
// bidi mark turns the reading order, a zero-width character makes two names look alike. None of them is dropped,
// which would hide that it was there. Each is shown as it would be written in JavaScript.
//
//     "\u001b[2Jhi"  ->  \u001b[2Jhi          "a\tb"   ->  a    b
//     "abc\u202edef" ->  abc\u202edef         "a\nb"   ->  a\nb
//
// Invisible characters that belong to a text stay: those inside an emoji (a family is three people and two joiners),
// and joiners between letters of scripts that are written with them (Unicode UAX #31, section 2.3).

const HIDDEN = String.raw`[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]`
const JOINING =
  '[' +
  [
    'Arab',
    'Syrc',
    'Mong',
    'Deva',
    'Beng',
    'Guru',
    'Gujr',
    'Orya',
    'Taml',
    'Telu',
    'Knda',
    'Mlym',
    'Sinh',
    'Khmr',
    'Mymr',
  ]
    .map((script) => String.raw`\p{Script=${script}}`)
    .join('') +
  ']'
const EMOJI = String.raw`\p{RGI_Emoji}|\p{Emoji}\ufe0e`
const JOINER = String.raw`(?<=${JOINING})[\u200c\u200d](?=${JOINING})`

// Made from strings, because only the `v` flag knows emoji of several characters, and the compiler's target does not.
const hidden = new RegExp(HIDDEN, 'v')
const everyHidden = new RegExp(HIDDEN, 'gv')
const keptOrHidden = new RegExp(`(${EMOJI}|${JOINER})|${HIDDEN}`, 'gv')

/** One line without anything that a terminal obeys or that is invisible. A tab becomes four spaces, a newline `\n`. */
export function sanitize(text: string): string {
  if (!hidden.test(text)) return text
  return text.replaceAll(keptOrHidden, (found, kept?: string) => kept ?? shown(found))
}

/** A value as one line of JSON that is safe to print: hidden characters are escapes, which mean the same. */
export function sanitizeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(everyHidden, (found) => found.split('').map(unit).join(''))
}

function shown(character: string): string {
  if (character === '\t') return '    '
  if (character === '\n') return String.raw`\n`
  const point = character.codePointAt(0) ?? 0
  return point > 0xffff ? `\\u{${point.toString(16)}}` : unit(character)
}

function unit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
