// The package as a stranger gets it: packed, and unpacked into a folder where nothing else of ours is.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PACKAGE_ROOT, VERSION } from '../src/platform.js'

const PROGRAM = `
import { type ChatEvent, ChatError, createChat, type Gap, type Message } from 'mini-chat'
import { follow, type FollowEvent, Outbox, Refused, defaultPlatform } from 'mini-chat/client'

const chat = createChat({ quiet: true, ring: 10 })
const port: number = await chat.listen(0, '127.0.0.1')
const url = \`http://127.0.0.1:\${port}\`
const outbox = new Outbox({ url, platform: defaultPlatform })
outbox.add({ room: 'lobby', username: 'ada', text: 'hello' })
const textOf = (event: ChatEvent | FollowEvent): string | undefined =>
  event.kind === 'message' ? event.message.text : undefined
for await (const event of follow({ url, rooms: ['lobby'], since: '0' })) if (textOf(event) === 'hello') break
const said: Message = await chat.send({ room: 'lobby', username: 'bob', text: 'hi' })
const gap: Gap | undefined = undefined
const code: string = await chat.send({ room: '', username: '', text: '' }).then(
  () => 'none',
  (error: unknown) => (error instanceof ChatError && !(error instanceof Refused) ? error.code : 'other'),
)
// @ts-expect-error a port is a number
createChat({ port: '8000' })
console.log(said.id, gap, code)
outbox.close()
await chat.close()
`
const OPTIONS = {
  module: 'nodenext',
  target: 'es2023',
  strict: true,
  exactOptionalPropertyTypes: true,
  types: ['node'],
}

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mini-chat-'))
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: PACKAGE_ROOT,
    encoding: 'utf8',
  })
  const home = join(folder, 'node_modules/mini-chat')
  for (const made of [home, join(folder, 'node_modules/@types')]) mkdirSync(made, { recursive: true })
  execFileSync('tar', ['xzf', join(folder, packed.trim()), '-C', home, '--strip-components=1'])
  symlinkSync(join(PACKAGE_ROOT, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, files: ['program.ts'] }))
  writeFileSync(join(folder, 'program.ts'), PROGRAM)
}, 30_000)

afterAll(() => rmSync(folder, { recursive: true }))

test('a program that uses it compiles, with every declaration checked, and runs', () => {
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  const { stdout, status } = spawnSync(process.execPath, [compiler], { cwd: folder, encoding: 'utf8' })
  expect([stdout, status]).toEqual(['', 0])
  expect(execFileSync(process.execPath, ['program.js'], { cwd: folder, encoding: 'utf8' })).toBe(
    '2 undefined bad_request\n',
  )
})

test('it has the program file by file, with its comments, the page and the types, and neither sources nor their maps', () => {
  const home = join(folder, 'node_modules/mini-chat')
  const files = readdirSync(home, { recursive: true, encoding: 'utf8' })
  expect(readdirSync(home).toSorted()).toEqual(['LICENSE', 'README.md', 'lessons', 'lib', 'package.json'])
  expect(files.filter((file) => /\.map$|(?<!\.d)\.ts$|^lib.*\.test\./.test(file))).toEqual([])
  const isPage = (file: string): boolean =>
    ['static', 'inside-page'].some((folder) => file.startsWith(join('lib', folder, '/')))
  const programs = files.filter((file) => file.endsWith('.js') && !isPage(file))
  const sources = readdirSync(join(PACKAGE_ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?<!\.d)\.ts$/.test(file),
  )
  expect(programs.toSorted()).toEqual(sources.map((file) => join('lib', file.replace(/ts$/, 'js'))).toSorted())
  for (const file of programs) expect(readFileSync(join(home, file), 'utf8'), file).toMatch(/^(#!.+\n)?\/\/ /)
  expect(execFileSync(join(home, 'lib/main.js'), ['--version'], { encoding: 'utf8' })).toBe(`${VERSION}\n`)
})

test('its lessons run', () => {
  const program = join(folder, 'node_modules/mini-chat/lib/main.js')
  expect(execFileSync(program, ['lesson', '6'], { cwd: folder, encoding: 'utf8' })).toContain('passes on lesson 6')
})

test('an uncaught error says its name, and the file and the line that threw it', () => {
  const program = "import { createChat } from 'mini-chat'\nawait createChat({ quiet: true }).send({ room: '' })"
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect(stderr).toContain('\nChatError: room is required')
  const [, file = '', line] = /mini-chat\/(lib\/.+\.js):(\d+)/.exec(stderr) ?? []
  const text = readFileSync(join(folder, 'node_modules/mini-chat', file), 'utf8')
  expect(text.split('\n')[Number(line) - 1]).toMatch(/^\s+throw new ChatError\(/)
})
