// A terminal with a line at its bottom that a person types in, while messages arrive above it.
//
//     12:03 ada: shall we?            1. the cursor is on the typed line's second row: go up one row, to its start
//     lobby> a line that is longer    2. erase from there to the end of the screen
//     than the terminal is wi_        3. write the message, and a line feed
//                                     4. let readline draw the typed line again, cursor where it was
//
// readline counts the rows and the width of wide characters; nothing here does it a second time. Its redraw begins
// by going up as many rows as the cursor was down, so step 3 adds that many line feeds for it to take back.
// A line that has been sent is erased: it comes back as a message, in its place among the others.

import { createInterface, type Interface } from 'node:readline'
import type { Undo } from '../core/clock.js'
import type { Gap, Message } from '../client/index.js'
import { Completion } from './completion.js'
import { blockOf, day, gapSentence } from './format.js'
import { colourEnv, type Paint, paintOf } from './paint.js'
import type { Screen } from './screen.js'
import { visible } from './visible.js'
import { wrap } from './wrap.js'

type Input = NodeJS.ReadStream
type Output = NodeJS.WriteStream

/** What stands before a word of the program's own, and before its further rows. */
const MARK = '-- '
const MORE = '   '

export class TerminalScreen implements Screen {
  readonly isTerminal = true
  readonly #output: Output
  readonly #paint: Paint
  readonly #readline: Interface
  readonly #gone = new Set<() => void>()
  #answer: ((line: string | undefined) => void) | undefined
  #obey: (line: string) => Promise<void> = async () => undefined
  /** Lines are obeyed one after the other, from `read` on; what is typed before waits. */
  #start: () => void = () => undefined
  #queue = new Promise<void>((resolve) => (this.#start = resolve))
  #prompt = ''
  #day = ''
  /** How many rows the cursor was below the start of the line when Enter was pressed. */
  #rows = 0
  #closed = false
  #counting: NodeJS.Immediate | undefined
  readonly #completion = new Completion()

  constructor(input: Input, output: Output, env: NodeJS.ProcessEnv) {
    this.#output = output
    this.#paint = paintOf(output.getColorDepth(colourEnv(env)))
    this.#readline = createInterface({
      input,
      output,
      terminal: true,
      prompt: '',
      tabSize: 4,
      completer: (line: string) => this.#completion.complete(line),
    })
    // Before readline sees the key: afterwards the line is gone, and nobody knows how many rows it had.
    input.prependListener('keypress', this.#beforeKey)
    this.#readline.on('line', (line) => this.#take(line))
    this.#readline.on('SIGINT', () => this.#leave())
    // Ctrl-D, the end of the input, or our own `close`: from here on readline draws nothing any more.
    this.#readline.on('close', () => {
      output.write(this.#erased())
      this.#closed = true
      input.off('keypress', this.#beforeKey)
      this.#leave()
    })
  }

  /** Some terminals do not know how wide they are. */
  get #columns(): number {
    return this.#output.columns || 80
  }

  ask(question: string): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    const typed = this.#readline.line
    this.#empty()
    return new Promise((resolve) => {
      this.#answer = (line) => {
        this.#answer = undefined
        this.#draw(this.#prompt)
        if (typed !== '') this.#readline.write(typed)
        resolve(line)
      }
      this.#draw(visible(question))
    })
  }

  read(obey: (line: string) => Promise<void>): Promise<void> {
    this.#obey = obey
    this.#start()
    return new Promise((resolve) => this.onGone(resolve))
  }

  async show(
    messages: readonly Message[],
    { me, active }: { readonly me: string; readonly active: string },
  ): Promise<void> {
    const rows: string[] = []
    for (const message of messages) {
      const block = blockOf(message, { me, room: active, paint: this.#paint, columns: this.#columns })
      if (block === undefined) continue
      this.#completion.hear(message.username)
      const today = day(message.timestamp)
      if (today !== this.#day) rows.push(this.#paint.dim(`-- ${today} --`))
      this.#day = today
      rows.push(block)
    }
    this.#above(rows)
  }

  notice(text: string): void {
    const width = this.#columns - MARK.length
    const rows = text
      .split('\n')
      .flatMap((line) => wrap(visible(line), width, width).map((row, index) => (index === 0 ? MARK : MORE) + row))
    this.#above(rows.map((row) => this.#paint.warning(row)))
  }

  gap(gap: Gap): void {
    this.notice(gapSentence(gap))
  }

  prompt(text: string): void {
    this.#prompt = text
    if (this.#answer === undefined) this.#draw(text)
  }

  onGone(call: () => void): Undo {
    if (this.#closed) call()
    this.#gone.add(call)
    return () => this.#gone.delete(call)
  }

  close(): void {
    if (!this.#closed) this.#readline.close()
  }

  readonly #beforeKey = (_text: string | undefined, key: { readonly name?: string } | undefined): void => {
    this.#counting ??= setImmediate(() => this.#count())
    if (key?.name !== 'return' && key?.name !== 'enter') return
    this.#count()
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#rows = this.#readline.getCursorPos().rows
  }

  /** readline does not count the rows of what is pasted, and would draw over them: its count is put right here. */
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

  #take(line: string): void {
    // The line is sent, and the cursor on the row below it.
    this.#output.write(`\x1b[${this.#rows + 1}A\r\x1b[J`)
    this.#rows = 0
    if (this.#answer !== undefined) return this.#answer(line)
    this.#draw(this.#prompt)
    this.#queue = this.#queue.then(() => this.#obey(line))
  }

  #leave(): void {
    this.#answer?.(undefined)
    for (const call of this.#gone) call()
  }

  #above(rows: readonly string[]): void {
    if (rows.length === 0) return
    if (this.#closed) this.#output.write(`${rows.join('\n')}\n`)
    else this.#redraw(`${rows.join('\n')}\n`, this.#readline.getPrompt())
  }

  #draw(prompt: string): void {
    if (!this.#closed) this.#redraw('', prompt)
  }

  #redraw(above: string, prompt: string): void {
    this.#count()
    // In one write, so that nobody sees the screen half drawn.
    this.#output.cork()
    this.#output.write(`${this.#erased()}${above}${'\n'.repeat(this.#readline.getCursorPos().rows)}`)
    this.#readline.setPrompt(prompt)
    this.#readline.prompt(true)
    this.#output.uncork()
  }

  /** Goes to where the typed line begins, and erases it. */
  #erased(): string {
    const { rows } = this.#readline.getCursorPos()
    return `${rows > 0 ? `\x1b[${rows}A` : ''}\r\x1b[J`
  }

  #empty(): void {
    this.#count()
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
  }
}
