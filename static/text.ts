// The text of a message as nodes: code, links, **bold**, *emphasis* and mentions, and everything else as plain text.
//
//     text ─> fenced code ─> `code` ─> links ─> **bold** ─> *emphasis* ─> mentions ─> text
//
// Each step takes its part out of what the steps before it left. There is no HTML here, only text nodes.

import { element } from './element.js'

const FENCE = /```(?:[\w+-]{1,20}\n)?\n?([^]+?)\n?```\n?/g
const CODE = /`([^`\n]+)`/g
/** Between stars beside words, and not as in 2 * 3 * 4. */
const BOLD = /\*\*(?=[^\s*])([^*\n]+)(?<=\S)\*\*/g
const EMPHASIS = /(?<![\w*])\*(?=[^\s*])([^*\n]+)(?<=\S)\*(?![\w*])/g
const LINK = /\bhttps?:\/\/[^\s<>"'`]+/gi
const EMOJI =
  /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u200d|\ufe0f|\u20e3|[#*\d]\ufe0f?\u20e3|\s)+$/u
const EMOJI_UNITS = 40

type Nodes = (Node | string)[]

export type Reader = {
  /** The person who reads: mentions of this name are marked. */
  readonly name: string
}

/** The element of a text, and whether it mentions the reader. */
export function textElement(text: string, { name }: Reader, author = ''): { node: HTMLElement; mentions: boolean } {
  const action = /^\/me\s+(\S[^]*)$/.exec(text)?.[1]
  const isEmoji = action === undefined && text.length <= EMOJI_UNITS && EMOJI.test(text)
  const kind = action !== undefined ? 'text action' : isEmoji ? 'text emoji' : 'text'
  const node = element('div', { class: kind, dir: 'auto' }, ...nodesOf(action ?? text, name))
  if (action !== undefined) node.prepend(element('bdi', {}, author), ' ')
  return { node, mentions: node.querySelector('mark') !== null }
}

function nodesOf(text: string, name: string): Nodes {
  const mention = mentionOf(name)
  const plain = (part: string): Nodes =>
    mention === undefined
      ? [part]
      : split(
          part,
          mention,
          // With its own direction, so that a text that begins with it has that of its words.
          ([found]) => [element('mark', { dir: 'auto' }, found)],
          (rest) => [rest],
        )
  const emphasis = (part: string): Nodes =>
    split(part, EMPHASIS, ([, inner = '']) => [element('em', {}, ...plain(inner))], plain)
  const bold = (part: string): Nodes =>
    split(part, BOLD, ([, inner = '']) => [element('strong', {}, ...plain(inner))], emphasis)
  const links = (part: string): Nodes => split(part, LINK, ([found]) => linkTo(found), bold)
  const code = (part: string): Nodes => split(part, CODE, ([, inner = '']) => [element('code', {}, inner)], links)
  return split(text, FENCE, ([, inner = '']) => [element('pre', { tabindex: '0' }, element('code', {}, inner))], code)
}

/** Replaces what a pattern finds, and hands on the rest. */
function split(
  text: string,
  pattern: RegExp,
  replace: (match: RegExpExecArray) => Nodes,
  rest: (part: string) => Nodes,
): Nodes {
  const nodes: Nodes = []
  let from = 0
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) nodes.push(...rest(text.slice(from, match.index)))
    nodes.push(...replace(match))
    from = match.index + match[0].length
  }
  if (from < text.length) nodes.push(...rest(text.slice(from)))
  return nodes
}

/** A link to an http or https address. A full stop behind it does not belong to it. */
function linkTo(found: string): Nodes {
  const address = trimEnd(found)
  if (!URL.canParse(address)) return [found]
  const link = element('a', { href: address, target: '_blank', rel: 'noopener noreferrer', dir: 'ltr' }, address)
  return [link, found.slice(address.length)]
}

const PUNCTUATION = '.,;:!?…'

/**
 * An address without a full stop behind it, and without a closing parenthesis that it does not open. One walk from
 * the end: a regular expression would start anew at each of four thousand full stops.
 */
export function trimEnd(address: string): string {
  let surplus = address.split(')').length - address.split('(').length
  let end = address.length
  while (end > 0) {
    const last = address.charAt(end - 1)
    if (last === ')' && surplus > 0) surplus--
    else if (!PUNCTUATION.includes(last)) break
    end--
  }
  return address.slice(0, end)
}

let compiled: { readonly name: string; readonly mention: RegExp } | undefined

/** Finds `@name`, in any case of letters, and not as the beginning of a longer name. */
function mentionOf(name: string): RegExp | undefined {
  if (name === '') return undefined
  if (compiled?.name !== name) compiled = { name, mention: compile(name) }
  compiled.mention.lastIndex = 0
  return compiled.mention
}

function compile(name: string): RegExp {
  const literal = name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  return new RegExp(`(?<![\\p{L}\\p{N}_])@${literal}(?![\\p{L}\\p{N}_])`, 'giu')
}

/** Does a text mention a name? Code does not count. */
export function mentions(text: string, name: string): boolean {
  return mentionOf(name)?.test(text.replace(FENCE, '').replace(CODE, '')) ?? false
}
