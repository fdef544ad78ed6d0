// docs/protocol.md is what the server does: its transcripts are run, from top to bottom, in one shell for each server that
// they ask. And the links of all documents lead to a heading that is there.

import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../src/app.js'
import { defaults } from '../src/command.js'
import { createLogger } from '../src/log.js'
import { PACKAGE_ROOT } from '../src/platform.js'
import { needs } from './support/needs.js'
import { blocksOf, patternOf, stepsOf } from './support/transcripts.js'

const run = promisify(execFile)
const log = createLogger({ format: 'text', quiet: true })
const read = (file: string): string => readFileSync(join(PACKAGE_ROOT, file), 'utf8')

/** Behind each command, what tells its output from that of the next. */
const END = '\u001e'
const ADMIN_KEY = 'the key of the moderators'

const sections = read('docs/protocol.md').split(/^(?=###? )/m)
const isGuarded = (section: string): boolean => /^### (?:A password|`POST \/login`)/.test(section)
const stepsIn = (chosen: readonly string[]): [command: string, expected: string][] =>
  chosen.flatMap((section) => blocksOf(section, 'console').flatMap(stepsOf))

const guarded = stepsIn(sections.filter(isGuarded))
const open = stepsIn(sections.filter((section) => !isGuarded(section)))

const isMissing = [needs('curl', 'curl'), needs('nc', 'netcat-openbsd'), needs('jq', 'jq')].includes(false)

describe.skipIf(isMissing).each([
  ['an open server', open, { adminKey: ADMIN_KEY }],
  ['a server with a password', guarded, { password: 'secret' }],
] as const)('the examples that ask %s', (_name, steps, config) => {
  let printed: string[] = []

  beforeAll(async () => {
    const app = await createApp(defaults({ port: 0, host: '127.0.0.1', quiet: true, tcp: 0, ...config }), log)
    const port = await app.listen()
    const here = (command: string): string =>
      command
        .replaceAll('localhost:8000', `localhost:${port}`)
        .replaceAll('localhost 5000', `localhost ${app.tcpPort ?? 0}`)
    const script = steps.map(([command]) => `${here(command)}; printf '${END}'`).join('\n')
    const env = { ...process.env, MINI_CHAT_ADMIN_KEY: ADMIN_KEY }
    const { stdout } = await run('sh', ['-c', `curl() { command curl -s "$@"; }\n${script}`], { env, timeout: 20_000 })
    printed = stdout.replaceAll('\r', '').split(END)
    await app.stop()
  }, 25_000)

  test.for(steps.map((step, i) => [...step, i] as const))('%s', ([, expected, i]) => {
    expect(printed[i]?.trim()).toMatch(patternOf(expected))
  })
})

test('there are examples of both kinds', () => {
  expect(open.length).toBeGreaterThan(30)
  expect(guarded.length).toBeGreaterThan(5)
})

test('every endpoint has a section, and the contents lead to each', () => {
  const headings = [...read('docs/protocol.md').matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading)
  const contents = read('docs/protocol.md').split('## Contents')[1]?.split('\n## ')[0] ?? ''
  const notListed = headings.filter((heading) => heading.startsWith('`') && !contents.includes(`(#${slugOf(heading)})`))
  const served = [...read('docs/openapi.yaml').matchAll(/^ {2}(\/\w+):$/gm)].map(([, path = '']) => path)
  const missing = served.filter(
    (path) => path !== '/inside' && !headings.some((heading) => heading.includes(`${path}\``)),
  )
  expect(notListed).toEqual([])
  expect(missing).toEqual([])
})

test('every link of a document to a heading leads to one', () => {
  const docs = readdirSync(join(PACKAGE_ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.md'),
  )
  const files = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...docs.map((file) => `docs/${file}`)]
  const links = files.flatMap((file) =>
    [...read(file).matchAll(/\]\(((?!https?:)[^)#]*)#([^)]+)\)/g)].map(([, to = '', anchor = '']) => ({
      file,
      to: to === '' ? file : join(dirname(file), to),
      anchor,
    })),
  )
  const broken = links.filter(({ to, anchor }) => to.endsWith('.md') && !anchorsOf(read(to)).has(anchor))
  expect(links.length).toBeGreaterThan(20)
  expect(broken).toEqual([])
})

/** The names by which GitHub and most readers of Markdown know the headings of a document. */
function anchorsOf(text: string): Set<string> {
  return new Set(
    [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slugOf(heading)),
  )
}

function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-')
}
