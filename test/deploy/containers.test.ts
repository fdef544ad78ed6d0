// The image and the compose files, as far as they can be looked at without a container engine.

import { type ChildProcess, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DockerfileParser, From } from 'dockerfile-ast'
import { validate, ValidationSeverity } from 'dockerfile-utils'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { PACKAGE_ROOT } from '../../src/platform.js'
import { deployed, until } from '../support/balancer-server.js'
import { freePort } from '../support/port.js'
import { buildImage, canBuild, filesIn, type Image, startInside } from '../support/image.js'
import { needs } from '../support/needs.js'
import { ask } from '../support/raw.js'
import { hasRedis, redisForTest } from '../support/redis.js'

const BUILD_MS = 300_000

describe('the Dockerfile', () => {
  const text = deployed('Dockerfile')
  const instructions = DockerfileParser.parse(text).getInstructions()
  const last = instructions.slice(instructions.findLastIndex((instruction) => instruction instanceof From))
  const content = (keyword: string): string | undefined =>
    last.find((instruction) => instruction.getKeyword() === keyword)?.getRawArgumentsContent() ?? undefined

  test('is free of mistakes that a linter knows', () => {
    const warned = { severity: ValidationSeverity.WARNING }
    expect(validate(text, { deprecatedMaintainer: warned.severity }).map(({ message }) => message)).toEqual([])
  })

  test('runs as a user who is not root, is told to stop by a signal, and asks for its health in exec form', () => {
    expect(content('USER')).toBe('1000:1000')
    expect(content('STOPSIGNAL')).toBe('SIGTERM')
    expect(content('ENTRYPOINT')).toMatch(/^\[/)
    expect(content('HEALTHCHECK')).toMatch(/CMD \["node", "\/app\/lib\/main.js", "health"\]$/)
  })

  test('takes no base image by `latest`', () => {
    expect(text).toMatch(/^ARG NODE=\d+-\w+$/m)
    for (const instruction of instructions)
      if (instruction instanceof From) expect(instruction.getImage()).toBe('node:${NODE}')
  })
})

describe.runIf(canBuild())('the image', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mini-chat-image-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }), BUILD_MS)
  let plain: ReturnType<typeof buildImage>
  beforeAll(() => {
    plain = buildImage(PACKAGE_ROOT, join(folder, 'plain'), {})
  }, BUILD_MS)

  /** Starts it as its ENTRYPOINT says, and waits until its HEALTHCHECK is content. */
  async function start(
    image: Image,
    env: Readonly<Record<string, string>>,
  ): Promise<{ child: ChildProcess; port: number }> {
    const port = await freePort()
    const all = { HOST: '127.0.0.1', PORT: String(port), ...env }
    const child = startInside(image, image.entrypoint, all)
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.stdout?.resume()
    // The first process of the image, and not the one that made its namespace: another user's process outlives that.
    onTestFinished(() => {
      const first = firstInside(child)
      if (first !== undefined) process.kill(first, 'SIGKILL')
    })
    const isWell = async (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(said)
      const check = startInside(image, image.healthcheck, all)
      return (await new Promise((resolve) => check.once('close', resolve))) === 0
    }
    await until(isWell, `the health of the image: ${said}`, 60_000)
    return { child, port }
  }

  test(
    'has package.json, the program, and nothing else',
    () => {
      const program = filesIn({ root: PACKAGE_ROOT }, 'lib').filter((file) => !/\.map$|\.d\.ts$/.test(file))
      expect(program).toContain('main.js')
      expect(filesIn(plain, 'app')).toEqual([...program.map((file) => `lib/${file}`), 'package.json'].toSorted())
      expect(filesIn(plain, 'data')).toEqual([])
    },
    BUILD_MS,
  )

  test(
    'runs from a root that nobody can write to, as nobody in particular, is healthy, and ends on SIGTERM',
    async () => {
      const { child, port } = await start(plain, {})
      expect((await ask(port, { path: '/' })).body).toContain('<title>')
      const pid = firstInside(child) ?? 0
      expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\s+1000\s[^]*^NSpid:.*\s1$/m)
      const ended = new Promise((resolve) => child.once('close', resolve))
      process.kill(pid, 'SIGTERM')
      expect(await ended).toBe(0)
    },
    BUILD_MS,
  )

  test.runIf(hasRedis)(
    'has the optional packages that the build was given, and they work',
    async () => {
      const stages = new Map([['build', plain.stages.get('build') ?? '']])
      const image = buildImage(PACKAGE_ROOT, join(folder, 'redis'), { PEERS: 'redis' }, stages)
      const others = filesIn(image, 'app').filter((file) => !/^lib\/|^package\.json$/.test(file))
      expect(new Set(others.map((file) => file.split('/')[0]))).toEqual(new Set(['node_modules']))
      expect(existsSync(join(image.root, 'app/node_modules/redis/package.json'))).toBe(true)
      const { port } = await start(image, { REDIS_URL: (await redisForTest()).url })
      expect((await ask(port, { path: '/ready' })).status).toBe(200)
    },
    BUILD_MS,
  )
})

describe.runIf(needs('docker-compose', 'docker-compose'))('docker-compose', () => {
  const config = (file: string, env: Record<string, string>): ReturnType<typeof spawnSync> =>
    spawnSync('docker-compose', ['-f', `deploy/${file}`, 'config'], {
      cwd: PACKAGE_ROOT,
      env: { PATH: process.env['PATH'], HOME: tmpdir(), ...env },
      encoding: 'utf8',
    })

  test.each(['compose.yaml', 'compose.redis.yaml'])(
    'accepts %s',
    (file) => {
      const { status, stderr, stdout } = config(file, { POSTGRES_PASSWORD: 'secret' })
      expect([status, stderr]).toEqual([0, ''])
      expect(stdout).toContain('read_only: true')
    },
    30_000,
  )

  test('is told that the database needs a password', () => {
    const { status, stderr } = config('compose.yaml', {})
    expect(status).not.toBe(0)
    expect(stderr).toContain('set POSTGRES_PASSWORD')
  })
})

/** The number of the first process in an image that was started; undefined once it has ended. */
function firstInside({ pid }: ChildProcess): number | undefined {
  const path = `/proc/${pid}/task/${pid}/children`
  const [first = ''] = existsSync(path) ? readFileSync(path, 'utf8').split(' ') : []
  return first === '' ? undefined : Number(first)
}
