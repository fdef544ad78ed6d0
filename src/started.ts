// How this program was started, so that a sentence can say what to type: from a clone by npm, by npx, from an
// installation, or not at all, as in a program that has a chat inside.
//
//     /home/ada/mini-chat/lib/main.js                       a clone, or the package unpacked
//     /home/ada/.npm/_npx/0f3a/node_modules/mini-chat/…     npx, for this once
//     /home/ada/project/node_modules/mini-chat/…            a part of a project
//     /usr/lib/node_modules/mini-chat/…                     installed globally

import { existsSync, realpathSync } from 'node:fs'
import { join, sep } from 'node:path'
import { SECRET_FLAGS } from './config.js'
import { PACKAGE_ROOT } from './platform.js'

export type Start = {
  /** The words behind the program's name. */
  readonly args: readonly string[]
  /** The program's file. Absent: unknown. */
  readonly file: string | undefined
  /** The package's folder. */
  readonly root: string
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly exists: (path: string) => boolean
}

const here = (): Start => ({
  args: process.argv.slice(2),
  file: process.argv[1],
  root: PACKAGE_ROOT,
  folder: process.cwd(),
  env: process.env,
  exists: existsSync,
})

/** The command that adds a package and starts the program again as it was started, with all its flags. */
export function commandWith(name: string, start: Start = here()): string {
  const { root, exists } = start
  const words = wordsOf(start.args)
  const modules = `${sep}node_modules${sep}`
  const at = root.lastIndexOf(modules)
  if (!isProgram(start)) return `npm install ${name}`
  if (root.includes(`${sep}_npx${sep}`)) return `npx -y${packages(start)} -p ${name} mini-chat${words}`
  if (at >= 0)
    return exists(join(root.slice(0, at), 'package.json'))
      ? `npm install ${name} && npx mini-chat${words}`
      : `npm install -g ${name} && mini-chat${words}`
  const prefix = start.folder === root ? '' : ` --prefix ${quoted(root)}`
  // The lock of a clone has the package, for its tests.
  const add = exists(join(root, 'package-lock.json')) ? `npm ci${prefix}` : `npm install --no-save${prefix} ${name}`
  return `${add} && ${again(start)}${words}`
}

/** The packages that npx was told to fetch, which need not be names in a registry. */
function packages({ env }: Start): string {
  const told = (env['npm_config_package'] ?? '')
    .split('\n')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  return (told.length === 0 ? ['mini-chat'] : told).map((one) => ` -p ${quoted(one)}`).join('')
}

function isProgram({ file, root }: Start): boolean {
  if (file === undefined) return false
  try {
    return realpathSync(file).startsWith(realpathSync(root) + sep)
  } catch {
    // A program that is no file.
    return false
  }
}

/** How a clone is started. */
function again({ env, args, file = '' }: Start): string {
  const dashes = args.length === 0 ? '' : ' --'
  if (env['npm_lifecycle_event'] === 'start') return `npm start${dashes}`
  if (env['npm_lifecycle_event'] === 'dev') return `npm run dev${dashes}`
  return env['npm_command'] === 'exec' ? 'npx mini-chat' : `node ${quoted(file)}`
}

/** The words that were typed, quoted for a shell. Secrets are not repeated. */
function wordsOf(args: readonly string[]): string {
  const words = args.map((arg, i) => {
    const [flag = ''] = arg.split('=', 1)
    if (isSecret(flag) && flag !== arg) return `${flag}=…`
    return isSecret(args[i - 1]) ? '…' : quoted(arg)
  })
  return words.map((word) => ` ${word}`).join('')
}

function isSecret(flag: string | undefined): boolean {
  return flag !== undefined && SECRET_FLAGS.some((one) => flag === `--${one}`)
}

function quoted(word: string): string {
  const plain = word.replaceAll(/\p{C}/gu, '?')
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", "'\\''")}'`
}

/** Set in the environment of a server that the lab's supervisor keeps: `first`, or `again` once it was started again. */
export const KEPT = 'MINI_CHAT_LAB_KEPT'
