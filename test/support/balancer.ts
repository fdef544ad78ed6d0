// The balancers of deploy/ in tests: each ends with its test.

import { onTestFinished } from 'vitest'
import { type Balancer, openBalancer, type Running, runProgram } from './balancer-server.js'
import { temporaryFolder } from './journal.js'

/** Starts a balancer in front of instances on these ports. Resolves with its own port. */
export async function startBalancer(balancer: Balancer, ports: readonly number[]): Promise<number> {
  const running = await openBalancer(balancer, ports)
  endWithTest(running)
  return running.port
}

/** Runs a program with a file of its own until the test is over. */
export function startProgram(name: string, text: string, args: (file: string) => readonly string[]): void {
  endWithTest(runProgram(name, text, args, temporaryFolder()))
}

function endWithTest(running: Running): void {
  onTestFinished(async ({ task }) => {
    await running.close()
    if (task.result?.state === 'fail') process.stderr.write(running.said())
  })
}
