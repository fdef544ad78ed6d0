// A conversation on a terminal: messages, the date before the first message of each day, notices of the program, and
// the line that the person types.
//
//     -- 2025-11-20 --
//     12:03 ada: shall we?
//     -- connected again
//     lobby> a line that is typed_         see typedline.ts
//
// A line that has been sent is erased: it comes back as a message, in its place among the others.

import type { Undo } from '../core/clock.js'
import type { Gap } from '../client/index.js'
import { TEXT_POINTS } from '../core/rooms/message.js'
import { Completion } from './completion.js'
import { blockOf, day, gapSentence } from './format.js'
import { colourEnv, type Paint, paintOf } from './paint.js'
import type { Obey, Screen } from './screen.js'
import type { Told } from './seen.js'
import { TypedLine } from './typedline.js'
import { sanitize } from './sanitize.js'
import { wrap } from './wrap.js'

/** Stands before a notice of the program; the same width stands before its further rows. */
const MARK = '-- '
const MORE = '   '

export class TerminalScreen implements Screen {
  readonly isTerminal = true
  readonly #paint: Paint
  readonly #line: TypedLine
  readonly #gone = new Set<(isAsked: boolean) => void>()
  #answer: ((line: string | undefined) => void) | undefined
  #obey: Obey = async () => undefined
  /** Lines are obeyed one after the other, once `read` is called. Lines that were typed before wait. */
  #start: () => void = () => undefined
  #queue = new Promise<void>((resolve) => (this.#start = resolve))
  #prompt = ''
  #day = ''
  readonly #completion = new Completion()

  constructor(input: NodeJS.ReadStream, output: NodeJS.WriteStream, env: NodeJS.ProcessEnv) {
    this.#paint = paintOf(output.getColorDepth(colourEnv(env)))
    this.#line = new TypedLine({
      input,
      output,
      complete: (line) => this.#completion.complete(line),
      onLine: (line) => this.#take(line),
      onPaste: (lines) => void this.#askPaste(lines),
      onInterrupt: () => this.#leave(true),
      onClose: () => this.#leave(false),
    })
  }

  ask(question: string): Promise<string | undefined> {
    if (this.#line.isClosed) return Promise.resolve(undefined)
    const typed = this.#line.empty()
    return new Promise((resolve) => {
      this.#answer = (line) => {
        this.#answer = undefined
        this.#line.draw(this.#prompt)
        this.#line.type(typed)
        resolve(line)
      }
      this.#line.draw(sanitize(question))
    })
  }

  read(obey: Obey): Promise<void> {
    this.#obey = obey
    this.#start()
    return new Promise((resolve) => this.onGone(() => resolve()))
  }

  async show(
    messages: readonly Told[],
    { me, active }: { readonly me: string; readonly active: string },
  ): Promise<void> {
    const rows: string[] = []
    for (const message of messages) {
      const block = blockOf(message, { me, room: active, paint: this.#paint, columns: this.#line.columns })
      if (block === undefined) continue
      this.#completion.hear(message.username)
      const today = day(message.timestamp)
      if (today !== this.#day) rows.push(this.#paint.dim(`-- ${today} --`))
      this.#day = today
      rows.push(block)
    }
    this.#line.above(rows)
  }

  notice(text: string): void {
    const width = this.#line.columns - MARK.length
    const rows = text
      .split('\n')
      .flatMap((line) => wrap(sanitize(line), width, width).map((row, index) => (index === 0 ? MARK : MORE) + row))
    this.#line.above(rows.map((row) => this.#paint.warning(row)))
  }

  gap(gap: Gap): void {
    this.notice(gapSentence(gap))
  }

  prompt(text: string): void {
    this.#prompt = text
    if (this.#answer === undefined) this.#line.draw(text)
  }

  onGone(call: (isAsked: boolean) => void): Undo {
    if (this.#line.isClosed) call(false)
    this.#gone.add(call)
    return () => this.#gone.delete(call)
  }

  close(): void {
    this.#line.close()
  }

  #take(line: string): void {
    if (this.#answer !== undefined) return this.#answer(line)
    this.#line.draw(this.#prompt)
    this.#queue = this.#queue.then(() => this.#obey(line))
  }

  /**
   * Many lines at once may be a mistake, and everyone in the room would read them. Pasted lines are sent, and never
   * obeyed.
   */
  async #askPaste(lines: readonly string[]): Promise<void> {
    // A question is answered by one line.
    if (this.#answer !== undefined) return this.#line.type(lines[0] ?? '')
    const said = lines.filter((line) => line.trim() !== '')
    const whole = lines.join('\n')
    const isOne = whole.length <= TEXT_POINTS
    const choices = `y: send ${said.length} messages${isOne ? ', o: one message' : ''}, Enter: nothing`
    const answer = (await this.ask(`${lines.length} lines pasted (${choices}) `))?.trim().toLowerCase()
    const texts = answer === 'y' ? said : answer === 'o' && isOne ? [whole] : []
    if (texts.length === 0) this.notice('nothing of what was pasted has been sent')
    for (const text of texts) this.#queue = this.#queue.then(() => this.#obey(text, true))
  }

  #leave(isAsked: boolean): void {
    this.#answer?.(undefined)
    for (const call of this.#gone) call(isAsked)
  }
}
