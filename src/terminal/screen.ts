// Where a conversation is shown, and where what the person types comes from. There are two: a terminal
// (`TerminalScreen`) and a pipe (`PipeScreen`); the conversation does not know which.

import type { Undo } from '../core/clock.js'
import type { Gap } from '../client/index.js'
import type { Told } from './seen.js'

/** Does what a line asks for; `isText`: it asks for nothing, and is said as it is. */
export type Obey = (line: string, isText?: boolean) => Promise<void>

export type Screen = {
  /** Can a person be asked something here? */
  readonly isTerminal: boolean
  /** Asks for one line; undefined when the person leaves instead. */
  ask(question: string): Promise<string | undefined>
  /** Hands over every line, one after the other; resolves at the end of the input. */
  read(obey: Obey): Promise<void>
  /** Resolves when more may be shown. `active`: the room that needs not be named. */
  show(messages: readonly Told[], view: { readonly me: string; readonly active: string }): Promise<void>
  /** Says something of the program's own, which is no message. Foreign words in it are sanitized here. */
  notice(text: string): void
  gap(gap: Gap): void
  /** What stands before the line that is being typed. */
  prompt(text: string): void
  /**
   * Calls back when the person or the reader of the output has gone, maybe more than once, or asks to leave
   * (`isAsked`). Returns its undo.
   */
  onGone(call: (isAsked: boolean) => void): Undo
  /** Puts everything back as it was. */
  close(): void
}
