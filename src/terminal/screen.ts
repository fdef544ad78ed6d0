// Shows a conversation, and reads what the person types. There are two screens: a terminal (`TerminalScreen`) and a
// pipe (`PipeScreen`). The conversation does not know which one it has.

import type { Undo } from '../core/clock.js'
import type { Gap } from '../client/index.js'
import type { Told } from './seen.js'

/** Obeys a line. `isText`: it is no command, and is sent as it is. */
export type Obey = (line: string, isText?: boolean) => Promise<void>

export type Screen = {
  /** Can a person be asked something here? */
  readonly isTerminal: boolean
  /** Asks for one line; undefined when the person leaves instead. */
  ask(question: string): Promise<string | undefined>
  /** Hands over every line, one after the other; resolves at the end of the input. */
  read(obey: Obey): Promise<void>
  /** Resolves when more may be shown. `active`: the room that need not be named. */
  show(messages: readonly Told[], view: { readonly me: string; readonly active: string }): Promise<void>
  /** Shows a notice of the program, which is no message. Foreign words in it are sanitized here. */
  notice(text: string): void
  gap(gap: Gap): void
  /** The text before the line that is being typed. */
  prompt(text: string): void
  /**
   * Calls back when the person or the reader of the output has gone, maybe more than once, or asks to leave
   * (`isAsked`). Returns its undo.
   */
  onGone(call: (isAsked: boolean) => void): Undo
  /** Puts everything back as it was. */
  close(): void
}
