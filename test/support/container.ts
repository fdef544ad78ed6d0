// Servers as in containers: each in a PID namespace of its own, with the machine's folders and its host name.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChildServer, startChild } from './child.js'
import { needs } from './needs.js'

// Where this user may not make namespaces, a user namespace of its own may be allowed to.
const WAYS = [[], ['--user', '--map-root-user']]

function unshare(): string[] | undefined {
  const ways = WAYS.map((way) => ['unshare', ...way, '--pid', '--fork', '--mount-proc', '--kill-child'])
  return ways.find(([program = '', ...args]) => spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0)
}

/** Can servers run in namespaces of their own here? Says what is missing where they cannot. */
export function canContain(): boolean {
  if (!needs('unshare', 'util-linux')) return false
  if (unshare() !== undefined) return true
  process.stderr.write('\n  SKIPPED  no PID namespaces here: run the tests as root\n\n')
  return false
}

/** Starts a server in a namespace of its own, run by `before` in there. It ends with SIGKILL alone. */
export async function startContained(
  args: readonly string[],
  before: readonly string[] = [],
): Promise<ChildServer & { inside: number }> {
  const server = await startChild(args, [...(unshare() ?? []), ...before])
  return { ...server, inside: childOf(server.pid) }
}

/** Stops a process as Ctrl-Z or a frozen container does, and waits until it has stopped. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  while (!/^State:\s+[Tt]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) await sleep(5)
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
}
