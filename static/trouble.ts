// What stands under a line that was not sent: why, and what the person can do about it.

import { element } from './element.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import { say } from './words.js'

export type Trouble = {
  readonly why: string
  /** Is the message tried again by itself? */
  readonly waits: boolean
  /** Undefined where another try would be no earlier. */
  readonly retry: (() => void) | undefined
  readonly remove: () => void
  readonly toBox: () => void
}

/** The words and the buttons. A button goes with its line, so the focus goes to the box. */
export function troubleParts({ why, waits, retry, remove, toBox }: Trouble): HTMLElement[] {
  void laterStyle()
  const button = (name: string, act: () => void): HTMLElement => actButton(name, act, toBox)
  return [
    element('span', {}, say(waits ? later.notSentYet : later.notSent, { why })),
    ...(retry === undefined ? [] : [button(later.retry, retry)]),
    button(later.delete, remove),
  ]
}

/** A button under a line, which goes when it is pressed: the focus goes to the box. */
export function actButton(name: string, act: () => void, toBox: () => void): HTMLButtonElement {
  const button = element('button', { type: 'button' }, name)
  button.addEventListener('click', () => {
    toBox()
    act()
  })
  return button
}
