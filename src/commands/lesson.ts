// `mini-chat lesson`: lists the lessons, or runs the experiment of one.
//
//     lessons/3-cursor.mjs                            the file that a class reads and starts
//     lessons/experiments/3-cursor.experiment.mjs     fails on lesson 2, and passes on lesson 3
//
// A lesson is a program of its own, and so is its experiment. This command finds and starts them.

import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ChatError } from '../core/errors.js'
import { quote, UsageError } from '../flags.js'
import { PACKAGE_ROOT } from '../platform.js'
import { HELP, type Io, readUsage, stopSignal, type Subcommand, type Usage } from './subcommand.js'

/** `about`: the first line of the file, such as `cursor. The reader says where it is.` */
type Lesson = { readonly number: string; readonly name: string; readonly about: string }

const FOLDER = join(PACKAGE_ROOT, 'lessons')

const USAGE: Usage = {
  name: 'lesson',
  usage: '[NUMBER]',
  settings: [HELP],
  about: [
    'Nine small servers, each in one file, show how this chat works. Without a number they are listed.',
    'With a number the experiment of that lesson is run, on the lesson before, where it fails, and on this one.',
    'The exit code is 0 where both came out as they should.',
    '',
    '  mini-chat lesson 3',
  ],
}

export const lesson: Subcommand = {
  name: 'lesson',
  summary: 'see how a chat works, in nine small steps: mini-chat lesson [NUMBER]',
  async run(args, io) {
    const read = readUsage(USAGE, args, io)
    if (read === undefined) return 0
    const [number, extra] = read.words
    if (extra !== undefined) throw new UsageError('mini-chat lesson takes one number, or none to list the lessons')
    const lessons = findLessons()
    if (number === undefined) {
      io.stdout.write(list(lessons))
      return 0
    }
    const found = lessons.find((one) => one.number === number)
    if (found === undefined)
      throw new UsageError(`there is no lesson ${quote(number)}: they go from 1 to ${lessons.length}`)
    const code = await runExperiment(found, io)
    if (code === 0) io.stdout.write(play(found))
    return code
  },
}

function findLessons(): Lesson[] {
  if (!existsSync(FOLDER))
    throw new ChatError('not_found', `the lessons are missing: there is no folder ${quote(FOLDER)}`)
  return readdirSync(FOLDER)
    .filter((file) => /^\d-.*\.mjs$/.test(file))
    .toSorted()
    .map((file) => {
      const [first = ''] = readFileSync(join(FOLDER, file), 'utf8').split('\n')
      return {
        number: file.slice(0, 1),
        name: file.replace(/\.mjs$/, ''),
        about: first.replace(/^\/\/ Lesson \d: /, ''),
      }
    })
}

function list(lessons: readonly Lesson[]): string {
  const rows = lessons.map(({ number, about }) => `  ${number}  ${about}`)
  return ['Each lesson mends what the one before gets wrong:', '', ...rows, '', 'Run one: mini-chat lesson 1', ''].join(
    '\n',
  )
}

/** Resolves with the exit code of the experiment. */
async function runExperiment({ name }: Lesson, io: Io): Promise<number> {
  const file = join(FOLDER, 'experiments', `${name}.experiment.mjs`)
  const stop = stopSignal(io)
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'], env: io.env })
      child.stdout.pipe(io.stdout, { end: false })
      child.stderr.pipe(io.stderr, { end: false })
      stop.signal.addEventListener('abort', () => child.kill('SIGTERM'))
      child.on('error', reject)
      child.on('close', (code) => resolve(stop.code() ?? code ?? 1))
    })
  } finally {
    stop.undo()
  }
}

/** What to type to try the lesson by hand. */
function play({ number, name }: Lesson): string {
  const node = (lessonName: string, words = ''): string =>
    `  node ${shortest(join(FOLDER, `${lessonName}.mjs`))}${words}`
  // The last lessons change only the server: their reader and sender are those of lesson 7.
  const client = Number(number) > 7 ? '7-herd' : name
  return [
    '',
    'Try it by hand, each line in a window of its own:',
    '',
    node(name),
    node(client, ' read'),
    node(client, ' send hello'),
    '',
  ].join('\n')
}

/** The path as a person would type it here. */
function shortest(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}
