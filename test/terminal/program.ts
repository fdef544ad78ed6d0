// The built program as a person starts it, in a process of its own that ends with its test.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { PACKAGE_ROOT } from '../../src/platform.js'

export const MAIN = join(PACKAGE_ROOT, 'lib/main.js')

export class Program {
  readonly #child: ChildProcess
  out = ''
  err = ''
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>

  /** Starts `mini-chat` with its input and outputs as pipes; the input stays open. */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const state = mkdtempSync(join(tmpdir(), 'mini-chat-state-'))
    this.#child = spawn(process.execPath, [MAIN, ...args], {
      stdio: 'pipe',
      env: { ...process.env, TZ: 'UTC', XDG_STATE_HOME: state, ...env },
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text))
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.err += text))
    this.ended = new Promise((resolve) => this.#child.on('close', (code, signal) => resolve(code ?? signal ?? 'lost')))
    onTestFinished(async () => {
      this.#child.kill('SIGKILL')
      await this.ended
      rmSync(state, { recursive: true })
    })
  }

  get lines(): string[] {
    return this.out.split('\n').slice(0, -1)
  }

  type(text: string): void {
    this.#child.stdin?.write(text)
  }

  endInput(): void {
    this.#child.stdin?.end()
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Closes the reading end of its output, as `| head` does. */
  stopReading(): void {
    this.#child.stdout?.destroy()
  }
}

/** Runs it to its end, with this as the whole input. */
export async function run(
  args: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | string; readonly out: string; readonly err: string }> {
  const program = new Program(args, env)
  program.type(input)
  program.endInput()
  const code = await program.ended
  return { code, out: program.out, err: program.err }
}
