// The line at the bottom of a terminal in which a person types while rows are written above it.
//
//     12:03 ada: shall we?            1. the cursor is on the typed line's second row: go up one row, to its start
//     lobby> a line that is longer    2. erase from there to the end of the screen
//     than the terminal is wi_        3. write the message, and a line feed
//                                     4. let readline draw the typed line again, cursor where it was
//
// readline counts the rows and the width of wide characters; nothing here counts them again. Its redraw begins by
// going up as many rows as the cursor was down, so step 3 adds that many line feeds for it to take back.

import { createInterface, type Interface } from 'node:readline'
import { Keyboard } from './keyboard.js'

export type TypedLineParts = {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  /** The candidates for the last word of a line, and that word. */
  readonly complete: (line: string) => [string[], string]
  /** Told each line that has been sent, when it is erased. */
  readonly onLine: (line: string) => void
  /** Told the lines of a paste that has `MANY_LINES` or more. */
  readonly onPaste: (lines: readonly string[]) => void
  /** Ctrl-C. */
  readonly onInterrupt: () => void
  /** Ctrl-D, the end of the input, or `close`. */
  readonly onClose: () => void
}

/** So many lines may have been pasted by mistake. Fewer are treated as if they had been typed. */
const MANY_LINES = 5

export class TypedLine {
  readonly #output: NodeJS.WriteStream
  readonly #keyboard: Keyboard
  readonly #readline: Interface
  /** How many rows the cursor was below the start of the line when Enter was pressed. */
  #rows = 0
  #closed = false
  /** readline sets the mode of the terminal before it counts as closed, and an error of that comes back here. */
  #closing = false
  #counting: NodeJS.Immediate | undefined

  constructor({ input, output, complete, onLine, onPaste, onInterrupt, onClose }: TypedLineParts) {
    this.#output = output
    this.#keyboard = new Keyboard({ input, output, onPaste: (text) => this.#paste(text, onPaste) })
    const { keys } = this.#keyboard
    this.#readline = createInterface({
      input: keys,
      output,
      terminal: true,
      prompt: '',
      tabSize: 4,
      completer: complete,
    })
    // Before readline sees the key: afterwards the line is gone, and the number of its rows is unknown.
    keys.prependListener('keypress', this.#beforeKey)
    output.prependListener('resize', this.#beforeResize)
    this.#readline.on('line', (line) => {
      // The line has been sent, and the cursor is on the row below it.
      output.write(`\x1b[${this.#rows + 1}A\r\x1b[J`)
      this.#rows = 0
      onLine(line)
    })
    this.#readline.on('SIGINT', onInterrupt)
    // From here on readline draws nothing.
    this.#readline.on('close', () => {
      output.write(this.#erased())
      this.#closed = true
      keys.off('keypress', this.#beforeKey)
      output.off('resize', this.#beforeResize)
      this.#keyboard.close()
      onClose()
    })
    // The terminal has gone (hangup.ts), and its mode cannot be put back.
    this.#readline.on('error', () => this.close())
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Some terminals do not know their width. */
  get columns(): number {
    return this.#output.columns || 80
  }

  /** Draws the line anew, behind a prompt. */
  draw(prompt: string): void {
    if (!this.#closed) this.#redraw('', prompt)
  }

  /** Writes rows above the line. */
  above(rows: readonly string[]): void {
    if (rows.length === 0) return
    if (this.#closed) this.#output.write(`${rows.join('\n')}\n`)
    else this.#redraw(`${rows.join('\n')}\n`, this.#readline.getPrompt())
  }

  /** Empties the line, and returns its text. */
  empty(): string {
    const typed = this.#readline.line
    this.#count()
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
    return typed
  }

  /** Puts text into the line, as if it were typed. */
  type(text: string): void {
    if (text !== '' && !this.#closed) this.#readline.write(text)
  }

  close(): void {
    if (this.#closing) return
    this.#closing = true
    this.#readline.close()
  }

  readonly #beforeKey = (_text: string | undefined, key: { readonly name?: string } | undefined): void => {
    this.#counting ??= setImmediate(() => this.#count())
    // When keys come together, readline (on Node 20) puts all but the last at the end of the line, wherever the
    // cursor is, unless it believes that it may complete words.
    if (key?.name !== 'tab' && this.#readline.cursor < this.#readline.line.length)
      Reflect.set(this.#readline, 'isCompletionEnabled', true)
    if (key?.name !== 'return' && key?.name !== 'enter') return
    this.#count()
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#rows = this.#readline.getCursorPos().rows
  }

  /** Terminals break their rows anew, and the cursor is as many rows down as the new width makes it. */
  readonly #beforeResize = (): void => this.#count()

  /** Types the lines of a paste and presses Enter behind each but the last, unless there are many. */
  #paste(text: string, onPaste: TypedLineParts['onPaste']): void {
    const lines = text
      .replace(/\r\n?/g, '\n')
      .replace(/[^\P{Cc}\t\n]/gu, '')
      .split('\n')
    if (lines.length > 1 && lines.at(-1) === '') lines.pop()
    if (lines.length >= MANY_LINES) return onPaste(lines)
    for (const [index, line] of lines.entries()) {
      if (index > 0) this.#keyboard.press(Buffer.from('\r'))
      this.type(line)
    }
    this.#count()
  }

  /** readline does not count the rows of a paste, and would draw over them: its count is corrected here. */
  #count(): void {
    clearImmediate(this.#counting)
    this.#counting = undefined
    const { rows, cols } = this.#readline.getCursorPos()
    const counted: unknown = Reflect.get(this.#readline, 'prevRows')
    if (counted === rows || this.#closed) return
    Reflect.set(this.#readline, 'prevRows', rows)
    // A terminal stays on a full row until there is more to write.
    if (cols === 0) this.#output.write(' \r')
  }

  #redraw(above: string, prompt: string): void {
    this.#count()
    // In one write, so that the screen is never seen half drawn.
    this.#output.cork()
    this.#output.write(`${this.#erased()}${above}${'\n'.repeat(this.#readline.getCursorPos().rows)}`)
    this.#readline.setPrompt(prompt)
    this.#readline.prompt(true)
    this.#output.uncork()
  }

  /** Goes to the beginning of the typed line, and erases the line. */
  #erased(): string {
    const { rows } = this.#readline.getCursorPos()
    return `${rows > 0 ? `\x1b[${rows}A` : ''}\r\x1b[J`
  }
}
