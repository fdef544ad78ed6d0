// The lessons: each experiment fails on the lesson before and passes on its own, and each page leads to code that is
// there.

import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { PACKAGE_ROOT } from '../src/platform.js'
import { needs } from './support/needs.js'
import { until } from './support/server.js'

const MAIN = join(PACKAGE_ROOT, 'lib/main.js')
const FOLDER = join(PACKAGE_ROOT, 'lessons')
const NAMES = readdirSync(FOLDER)
  .filter((file) => /^\d/.test(file))
  .map((file) => file.replace('.mjs', ''))

/** As a teacher reads to a class. */
const WORDS_A_MINUTE = 130

type Ended = { readonly stdout: string; readonly stderr: string; readonly code: number }

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = PACKAGE_ROOT): Promise<Ended> {
  const options = { cwd, env: { ...process.env, ...env }, timeout: 80_000 }
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ stdout, stderr, code: error === null ? 0 : Number(error.code) }),
    )
  })
}

const lesson = (words: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> =>
  run([MAIN, 'lesson', ...words], env)

const read = (path: string): string => readFileSync(join(PACKAGE_ROOT, path), 'utf8')

test('there are nine, each one file of at most 150 lines that begins by saying what it is', () => {
  expect(NAMES.map((name) => name[0]).join('')).toBe('123456789')
  for (const name of NAMES) {
    const source = read(`lessons/${name}.mjs`)
    expect(source, name).toMatch(/^\/\/ Lesson \d: \w.*\./)
    expect(source.split('\n').length - 1, name).toBeLessThanOrEqual(150)
  }
})

test('no lesson needs a package', () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.mjs'))
  const imports = files.flatMap((file) =>
    [...read(`lessons/${file}`).matchAll(/(?:from|import\() ?'([^']+)'/g)].map(([, to = '']) => to),
  )
  expect(imports.length).toBeGreaterThan(50)
  expect(imports.filter((to) => !/^node:|^\.\.?\//.test(to))).toEqual([])
})

// They wait most of the time, so they run beside each other.
describe.concurrent('the experiment fails on the lesson before and passes on', () => {
  for (const name of NAMES) {
    test(`lesson ${name}`, { timeout: 90_000 }, async ({ expect: expectHere }) => {
      const { stdout, stderr, code } = await lesson([String(name[0])], { STAND_IN: '1' })
      expectHere([stdout, stderr, code]).toEqual([expect.stringContaining(`passes on lesson ${name[0]}`), '', 0])
      expectHere(stdout.match(/^ {2}[✗✓]/gm)).toEqual(['  ✗', '  ✓'])
      expectHere(stdout).toContain(`${name}.mjs`)
    })
  }

  const redis = needs('redis-server', 'redis-server')
  test.runIf(redis)('lesson 9 with a real Redis', { timeout: 90_000 }, async ({ expect: expectHere }) => {
    const { stdout, code } = await lesson(['9'], { STAND_IN: '' })
    expectHere([stdout, code]).toEqual([expect.stringMatching(/(redis|valkey)-server keeps the log/), 0])
  })
})

test('an experiment that does not come out as it should says so, and ends with 1', async () => {
  const lab = join(FOLDER, 'experiments/lab.mjs')
  const program = `import { experiment } from ${JSON.stringify(lab)}
    await experiment({ title: '', promise: '', on: ['1-short-poll', '2-park'], run: () => ({ kept: true, found: '' }) })`
  const folder = join(PACKAGE_ROOT, 'node_modules/.cache/mini-chat')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, '2.mjs'), program)
  onTestFinished(() => rmSync(folder, { recursive: true }))
  expect(await run([join(folder, '2.mjs')])).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('Not as it should be'),
  })
})

describe('mini-chat lesson', () => {
  test('lists the nine', async () => {
    const { stdout, code } = await lesson([])
    expect(stdout.match(/^ {2}\d {2}.+\.$/gm)).toHaveLength(9)
    expect([code, stdout]).toEqual([0, expect.stringContaining('3  cursor. The reader says where it is')])
  })

  test('says in one sentence that there is no such lesson', async () => {
    const { stderr, code } = await lesson(['12'])
    expect([stderr, code]).toEqual(['mini-chat: there is no lesson "12": they go from 1 to 9\n', 2])
  })
})

test.runIf(process.platform === 'linux')(
  'Ctrl-C ends an experiment, and the servers it started',
  async () => {
    const mark = `LESSON_MARK=${randomUUID()}`
    const marked = (): string[] => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && hasEnvironment(pid, mark))
    const child = spawn(process.execPath, [MAIN, 'lesson', '7'], {
      env: { ...process.env, LESSON_MARK: mark.slice(12) },
      stdio: 'ignore',
    })
    const ended = new Promise((resolve) => child.on('close', resolve))
    // The command, the experiment, its first half, and the server.
    await until(marked, (pids) => pids.length === 4, 30_000)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    await until(marked, (pids) => pids.length === 0, 20_000)
  },
  60_000,
)

function hasEnvironment(pid: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)
  } catch {
    // It has ended, or is another user's.
    return false
  }
}

describe('the pages', () => {
  const pages = [...NAMES.map((name) => `docs/lessons/${name}.md`), 'docs/teaching.md']

  test('each lesson has one, with the same parts', () => {
    for (const name of NAMES) {
      const headings = [...read(`docs/lessons/${name}.md`).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text)
      expect(headings, name).toEqual([
        expect.stringMatching(new RegExp(`^Lesson ${name[0]}: `)),
        'What you see',
        'The idea',
        'The experiment',
        'Ask the class',
        'Where the real code does it',
      ])
    }
  })

  test('each lesson is read aloud in ten minutes, with the comments of its file', () => {
    for (const name of NAMES) {
      const comments =
        read(`lessons/${name}.mjs`)
          .match(/\/\/.*/g)
          ?.join(' ') ?? ''
      const words = `${read(`docs/lessons/${name}.md`)} ${comments}`.split(/\s+/).length
      expect(words / WORDS_A_MINUTE, name).toBeLessThanOrEqual(10)
    }
  })

  test('each plan of a class is 45 minutes long', () => {
    const [, ...parts] = read('docs/teaching.md').split('| what happens')
    const sums = parts.map((part) =>
      [...(part.split('\n\n')[0] ?? '').matchAll(/^\| +(\d+) \|/gm)].reduce(
        (sum, [, minutes]) => sum + Number(minutes),
        0,
      ),
    )
    expect(sums).toEqual([45, 45, 45])
  })

  test('every file that they lead to is there, and code is among them', () => {
    for (const page of pages) {
      const links = [...read(page).matchAll(/\]\(((?!http)[^)#]+)\)/g)].map(([, to = '']) => join(dirname(page), to))
      expect(
        links.filter((path) => !existsSync(join(PACKAGE_ROOT, path))),
        page,
      ).toEqual([])
      if (page.includes('lessons'))
        expect(
          links.some((path) => path.startsWith('src')),
          page,
        ).toBe(true)
    }
  })

  test('every program that they start is there', () => {
    for (const page of pages) {
      const programs = [...read(page).matchAll(/node (lessons\/[\w/.-]+)/g)].map(([, path = '']) => path)
      expect(
        programs.filter((path) => !existsSync(join(PACKAGE_ROOT, path))),
        page,
      ).toEqual([])
    }
  })
})

describe('the exercises', () => {
  const EXERCISES = join(FOLDER, 'exercises')
  const SOLUTIONS = join(PACKAGE_ROOT, 'test/solutions')
  const result = ({ stdout }: Ended): string[] => stdout.match(/^# (?:pass|fail) \d+$/gm) ?? []
  const tests = ['--test', '--test-reporter=tap']

  test('fail as they are given out', async () => {
    expect(result(await run(tests, {}, EXERCISES))).toEqual(['# pass 0', '# fail 29'])
  }, 90_000)

  test('pass with the solutions', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mini-chat-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    for (const from of [EXERCISES, SOLUTIONS]) cpSync(from, folder, { recursive: true })
    expect(readdirSync(SOLUTIONS)).toEqual(readdirSync(EXERCISES).filter((file) => /^\d-\w+\.mjs$/.test(file)))
    expect(result(await run(tests, {}, folder))).toEqual(['# pass 29', '# fail 0'])
  }, 90_000)
})
