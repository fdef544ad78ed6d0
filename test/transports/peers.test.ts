import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The built package alone in a folder, as a machine has it that never installed anything else. */
function installAlone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mini-chat-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  cpSync(join(ROOT, 'lib'), join(folder, 'lib'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  return folder
}

/** As where npm started nothing. */
function withoutNpm(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
}

for (const [flag, name] of [
  ['--websocket', 'ws'],
  ['--socketio', 'socket.io'],
  ['--auth jwt', 'jose'],
  ['--redis', 'redis'],
  ['--postgres', 'pg'],
] as const) {
  test(`without the package ${name}, ${flag} says in one sentence how to add it, and ends with 2 before anything listens`, () => {
    const folder = installAlone()
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      [join(folder, 'lib/main.js'), '--port', '0', ...flag.split(' ')],
      { encoding: 'utf8', timeout: 25_000, cwd: ROOT, env: { ...withoutNpm(), MINI_CHAT_JWT_SECRET: 'x'.repeat(32) } },
    )
    expect(stderr).toBe(
      `mini-chat: ${flag} needs the package ${name}: run \`npm install --no-save --prefix ${folder} ${name} && node ${folder}/lib/main.js --port 0 ${flag}\`\n`,
    )
    expect([status, stdout]).toEqual([2, ''])
  })
}

test('without --redis and --postgres nothing of them is loaded: the program serves where those parts are missing', async () => {
  const folder = installAlone()
  for (const part of ['redis.js', 'redis', 'postgres.js', 'postgres', 'shared'])
    rmSync(join(folder, 'lib/stores', part), { recursive: true })
  const child = spawn(process.execPath, [join(folder, 'lib/main.js'), '--port', '0', '--log', 'json'])
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  for await (const bytes of child.stdout) {
    output += String(bytes)
    if (output.includes('"listening"')) break
  }
  expect(output).toContain('"event":"listening"')
})
