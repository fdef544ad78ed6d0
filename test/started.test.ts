// What to type when a package is missing: it fits how the program was started, keeps its flags, and says no secret.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commandWith, type Start } from '../src/started.js'
import { temporaryFolder } from './support/journal.js'

const ARGS = ['--websocket', '--port', '9000']

/** The program in a folder of its own, started with some flags. `files`: what else is there. */
function started(place: string, files: readonly string[], more: Partial<Start> = {}): { start: Start; top: string } {
  const top = temporaryFolder()
  const root = join(top, place)
  mkdirSync(join(root, 'lib'), { recursive: true })
  for (const file of ['lib/main.js', ...files]) writeFileSync(join(root, file), '')
  const exists = (path: string): boolean => files.some((file) => join(root, file) === path)
  const start = { args: ARGS, file: join(root, 'lib/main.js'), root, folder: root, env: {}, exists, ...more }
  return { start, top }
}

test.each<[string, string, readonly string[], Record<string, string>, string]>([
  [
    'a clone by npm start',
    'chat',
    ['package-lock.json'],
    { npm_lifecycle_event: 'start' },
    'npm ci && npm start -- --websocket --port 9000',
  ],
  [
    'a clone by npm run dev',
    'chat',
    ['package-lock.json'],
    { npm_lifecycle_event: 'dev' },
    'npm ci && npm run dev -- --websocket --port 9000',
  ],
  [
    'a clone by npx',
    'chat',
    ['package-lock.json'],
    { npm_command: 'exec' },
    'npm ci && npx mini-chat --websocket --port 9000',
  ],
  [
    'npx for this once',
    '_npx/0f3a/node_modules/mini-chat',
    [],
    {},
    'npx -y -p mini-chat -p ws mini-chat --websocket --port 9000',
  ],
  [
    'npx and a file',
    '_npx/0f3a/node_modules/mini-chat',
    [],
    { npm_config_package: '/tmp/mini-chat-0.1.0.tgz' },
    'npx -y -p /tmp/mini-chat-0.1.0.tgz -p ws mini-chat --websocket --port 9000',
  ],
  [
    'a project',
    'shop/node_modules/mini-chat',
    ['../../package.json'],
    {},
    'npm install ws && npx mini-chat --websocket --port 9000',
  ],
  ['everywhere', 'lib/node_modules/mini-chat', [], {}, 'npm install -g ws && mini-chat --websocket --port 9000'],
])('%s', (_name, place, files, env, command) => {
  expect(commandWith('ws', started(place, files, { env }).start)).toBe(command)
})

test('a package that was unpacked somewhere else', () => {
  const { start } = started('chat', [], { folder: '/' })
  expect(commandWith('ws', start)).toBe(
    `npm install --no-save --prefix ${start.root} ws && node ${start.file} --websocket --port 9000`,
  )
})

test('a program with a chat inside', () => {
  const { start, top } = started('node_modules/mini-chat', ['../../package.json'])
  const file = join(top, 'server.js')
  writeFileSync(file, '')
  expect(commandWith('ws', { ...start, file })).toBe('npm install ws')
})

test('words are quoted for a shell, and secrets are left out', () => {
  const args = [
    '--data',
    "ada's chat",
    '--password',
    'p1',
    '--admin-key=k1',
    '--redis',
    'redis://:p2@h',
    '--x\u001b[2J',
  ]
  const { start } = started('lib/node_modules/mini-chat', [], { args })
  expect(commandWith('ws', start)).toBe(
    "npm install -g ws && mini-chat --data 'ada'\\''s chat' --password … --admin-key=… --redis … '--x?[2J'",
  )
})
