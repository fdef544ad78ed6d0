// The image without a container engine: what deploy/Dockerfile says is done step by step in a scratch folder. Each stage
// is a root of its own, in which this machine's /usr, and so its Node, stands for the base image.
//
//     FROM ─> a folder      COPY ─> what .dockerignore lets through, or another stage      RUN ─> unshare, chroot, sh
//
// Needs root, for mounts in a namespace of its own. What RUN fetches from npm comes from npm's cache where it is there.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, posix, resolve } from 'node:path'
import { Copy, DockerfileParser, From, type Instruction, JSONInstruction } from 'dockerfile-ast'
import { lacks } from './needs.js'

export type Image = {
  readonly root: string
  readonly workdir: string
  readonly user: string
  readonly env: Readonly<Record<string, string>>
  readonly entrypoint: readonly string[]
  readonly healthcheck: readonly string[]
}

type Stage = {
  readonly root: string
  workdir: string
  user: string
  env: Record<string, string>
  entrypoint: string[]
  healthcheck: string[]
}

/** What the base image brings: the machine's own, which a stage may read. */
const BASE = ['usr', 'etc', 'dev', 'bin', 'sbin', 'lib', 'lib64']

export function canBuild(): boolean {
  const isAble = spawnSync('unshare', ['--mount', '--pid', '--fork', 'true'], { stdio: 'ignore' }).status === 0
  if (isAble && process.getuid?.() === 0) return true
  return lacks('building the image without Docker needs mounts: run the tests as root, with util-linux')
}

/** Builds the last stage below `folder`. `done`: stages that an earlier build left, by name. */
export function buildImage(
  context: string,
  folder: string,
  given: Readonly<Record<string, string>>,
  done: ReadonlyMap<string, string> = new Map(),
): Image & { readonly stages: ReadonlyMap<string, string> } {
  const stages = new Map<string, string>(done)
  const global: Record<string, string> = {}
  let stage: Stage | undefined
  let isDone = false
  for (const instruction of DockerfileParser.parse(
    readFileSync(join(context, 'deploy/Dockerfile'), 'utf8'),
  ).getInstructions()) {
    if (instruction instanceof From) {
      const name = instruction.getBuildStage() ?? 'final'
      isDone = done.has(name)
      stage = newStage(done.get(name) ?? join(folder, name))
      stages.set(name, stage.root)
    } else if (stage === undefined) Object.assign(global, argument(instruction, given))
    else if (!isDone) follow(instruction, stage, { context, stages, given, global })
  }
  if (stage === undefined) throw new Error('the Dockerfile has no stage')
  return { ...stage, stages }
}

type Surroundings = {
  readonly context: string
  readonly stages: ReadonlyMap<string, string>
  readonly given: Readonly<Record<string, string>>
  readonly global: Readonly<Record<string, string>>
}

function follow(instruction: Instruction, stage: Stage, around: Surroundings): void {
  const words = instruction.getArguments().map((word) => word.getValue())
  switch (instruction.getKeyword()) {
    case 'ARG':
      Object.assign(stage.env, argument(instruction, around.given))
      return
    case 'ENV':
      Object.assign(stage.env, pair(words[0] ?? ''))
      return
    case 'WORKDIR':
      stage.workdir = posix.resolve(stage.workdir, words[0] ?? '')
      mkdirSync(join(stage.root, stage.workdir), { recursive: true })
      return
    case 'USER':
      stage.user = words[0] ?? ''
      return
    case 'COPY':
      if (instruction instanceof Copy) copy(instruction, words, stage, around)
      return
    case 'RUN':
      run(instruction.getRawArgumentsContent() ?? '', stage)
      return
    case 'ENTRYPOINT':
      stage.entrypoint = strings(instruction)
      return
    case 'HEALTHCHECK':
      stage.healthcheck = JSON.parse(/CMD (\[.*\])$/s.exec(instruction.getRawArgumentsContent() ?? '')?.[1] ?? '[]')
      return
    case 'EXPOSE':
    case 'STOPSIGNAL':
      return
    default:
      throw new Error(`the test knows no ${String(instruction.getKeyword())}`)
  }
}

function newStage(root: string): Stage {
  mkdirSync(root, { recursive: true })
  for (const name of BASE) {
    const [there, here] = [`/${name}`, join(root, name)]
    if (!existsSync(there) || lstatSync(here, { throwIfNoEntry: false }) !== undefined) continue
    if (lstatSync(there).isSymbolicLink()) symlinkSync(readlinkSync(there), here)
    else mkdirSync(here)
  }
  for (const name of ['proc', 'tmp', 'root/.npm']) mkdirSync(join(root, name), { recursive: true })
  return { root, workdir: '/', user: '0:0', env: {}, entrypoint: [], healthcheck: [] }
}

function argument(instruction: Instruction, given: Readonly<Record<string, string>>): Record<string, string> {
  const [[name, standard] = ['', '']] = Object.entries(pair(instruction.getRawArgumentsContent() ?? ''))
  return { [name]: given[name] ?? standard }
}

function pair(text: string): Record<string, string> {
  const [, name = '', value = ''] = /^(\w+)(?:=(.*))?$/s.exec(text) ?? []
  return { [name]: value.replaceAll(/^(['"])(.*)\1$/g, '$2') }
}

function strings(instruction: Instruction): string[] {
  if (!(instruction instanceof JSONInstruction) || instruction.getOpeningBracket() === null)
    throw new Error(`${String(instruction.getKeyword())} is to have the exec form`)
  return instruction.getJSONStrings().map((word) => word.getJSONValue())
}

function copy(instruction: Copy, words: readonly string[], stage: Stage, { context, stages }: Surroundings): void {
  const from = instruction.getFromFlag()?.getValue() ?? undefined
  const paths = words.slice(0, -1)
  const target = words.at(-1) ?? ''
  const source = from === undefined ? context : stages.get(from)
  if (source === undefined) throw new Error(`COPY from ${String(from)}, which is no stage`)
  for (const path of paths) {
    if (from === undefined && !isSent(context, path)) throw new Error(`${path} is in .dockerignore`)
    const into = join(stage.root, posix.resolve(stage.workdir, target))
    const isFolder = lstatSync(join(source, path)).isDirectory()
    cpSync(join(source, path), !isFolder && target.endsWith('/') ? join(into, path) : into, { recursive: true })
  }
}

/** Does .dockerignore, which shuts out everything first, let a path of the top level through? */
function isSent(context: string, path: string): boolean {
  const rules = readFileSync(join(context, '.dockerignore'), 'utf8').split('\n')
  const [first, ...others] = rules.filter((line) => line !== '' && !line.startsWith('#'))
  return first === '*' && others.includes(`!${path}`)
}

function run(script: string, stage: Stage): void {
  const [command = '', ...args] = inside(stage, ['/bin/sh', '-c', script], { isReadOnly: false })
  const { status, stderr, stdout } = spawnSync(command, args, {
    env: environment(stage),
    encoding: 'utf8',
    timeout: 240_000,
  })
  if (status !== 0) throw new Error(`RUN ${script}\nended with ${status}: ${stdout}${stderr}`)
}

function environment({ env }: Pick<Image, 'env'>): NodeJS.ProcessEnv {
  const npm = Object.entries(process.env).filter(([name]) => /^npm_config_(?:registry|cafile)$|_proxy$/i.test(name))
  return { PATH: process.env['PATH'], HOME: '/root', ...Object.fromEntries(npm), ...env }
}

/** The command line that runs another one in a root, as process 1 of a namespace. */
function inside(
  { root, workdir, user }: Pick<Image, 'root' | 'workdir' | 'user'>,
  command: readonly string[],
  { isReadOnly }: { readonly isReadOnly: boolean },
): string[] {
  const mounts = BASE.filter((name) => existsSync(`/${name}`) && !lstatSync(`/${name}`).isSymbolicLink())
  const cache = resolve(process.env['npm_config_cache'] ?? join(homedir(), '.npm'))
  const lines = [
    'set -e; root=$1; workdir=$2; user=$3; shift 3',
    'mount --bind "$root" "$root"; cd "$root"',
    ...mounts.map((name) => `mount --rbind -o ro /${name} ${name}`),
    'mount -t proc proc proc',
    ...(isReadOnly
      ? ['mount -o remount,ro,bind "$root"']
      : [...(existsSync(cache) ? [`mount --bind '${cache}' root/.npm`] : []), 'mount -t tmpfs tmpfs tmp']),
    'exec chroot --userspec="$user" . env -C "$workdir" "$@"',
  ]
  const unshare = ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', lines.join('\n'), 'sh']
  return [...unshare, root, workdir, user, ...command]
}

/** Starts a command in the image: not as root, with a root that cannot be written to. */
export function startInside(
  image: Image,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const [program = '', ...args] = inside(image, command, { isReadOnly: true })
  return spawn(program, args, { env: { ...environment(image), ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Every file below a folder of the image, from there. */
export function filesIn({ root }: Pick<Image, 'root'>, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => posix.relative(join(root, folder), join(entry.parentPath, entry.name)))
    .toSorted()
}
