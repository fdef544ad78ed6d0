// A terminal for tests: tmux draws what a program writes, and tells what can be seen.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { until } from '../support/server.js'
import { MAIN } from './program.js'

const SOON = 15_000

export class Tmux {
  readonly #folder = mkdtempSync(join(tmpdir(), 'mini-chat-tmux-'))
  readonly #size: readonly [columns: number, rows: number]
  #windows = 0

  /** Ends with its test. */
  constructor(columns = 60, rows = 20) {
    this.#size = [columns, rows]
    onTestFinished(() => {
      this.#tmux('kill-server')
      rmSync(this.#folder, { recursive: true })
    })
  }

  /** A window that runs `mini-chat`, and says at the end what came of it and of the terminal. */
  open(args: readonly string[], env: Readonly<Record<string, string>> = {}): Screen {
    const words = [
      ...Object.entries({ TZ: 'UTC', NO_COLOR: '', XDG_STATE_HOME: this.#folder, ...env }).map(
        ([name, value]) => `${name}=${value}`,
      ),
      process.execPath,
      MAIN,
      ...args,
    ]
    const [columns, rows] = this.#size
    const window = `w${this.#windows++}`
    const code = join(this.#folder, `${window}.code`)
    // The shell outlives the window, to tell how the program ended; without a terminal it says no more.
    const command = `trap : HUP; env -u FORCE_COLOR ${words.map((word) => `'${word}'`).join(' ')}; code=$?; echo $code > '${code}'; [ -t 1 ] || exit; echo "ended with $code"; stty -a | grep -o ' icanon'; exec sleep 60`
    if (window === 'w0')
      this.#tmux(
        '-u',
        '-f',
        '/dev/null',
        'new-session',
        '-d',
        '-x',
        String(columns),
        '-y',
        String(rows),
        '-s',
        's',
        '-n',
        window,
        command,
      )
    else this.#tmux('new-window', '-d', '-t', 's', '-n', window, command)
    const target = `s:${window}`
    return {
      see: (...flags) => this.#tmux('capture-pane', '-p', '-t', target, ...flags).trimEnd(),
      cursor: () => this.#tmux('display-message', '-p', '-t', target, '#{cursor_x},#{cursor_y}').trim(),
      type: (text) => void this.#tmux('send-keys', '-t', target, '-l', text),
      paste: (text, ...flags) => {
        this.#tmux('set-buffer', '-b', 'paste', text)
        this.#tmux('paste-buffer', ...flags, '-b', 'paste', '-t', target)
      },
      press: (...keys) => void this.#tmux('send-keys', '-t', target, ...keys),
      close: () => void this.#tmux('kill-window', '-t', target),
      ended: async () =>
        Number(
          await until(
            () => read(code),
            (text) => text.endsWith('\n'),
            SOON,
          ),
        ),
      resize: (width) => void this.#tmux('resize-window', '-t', target, '-x', String(width)),
      async sees(part) {
        await until(
          () => this.see(),
          (screen) => (typeof part === 'string' ? screen.includes(part) : part.test(screen)),
          SOON,
        )
      },
    }
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-S', join(this.#folder, 'socket'), ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // It is written when the program has ended.
  }
}

export type Screen = {
  /** What is to be seen, row by row. */
  see(...flags: string[]): string
  /** Where the cursor is: column, row. */
  cursor(): string
  type(text: string): void
  /** Pastes text, with `-p` in brackets where the program asked for them. */
  paste(text: string, ...flags: string[]): void
  press(...keys: string[]): void
  resize(columns: number): void
  /** Closes the window, as a click on its cross does. */
  close(): void
  /** Waits for the end of the program, and returns its exit code. */
  ended(): Promise<number>
  /** Waits until something is to be seen. */
  sees(part: string | RegExp): Promise<void>
}
