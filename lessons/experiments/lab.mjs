// What the experiments share: each one is run twice, on two lessons.
//
//     node lessons/experiments/3-cursor.experiment.mjs
//        ├── on lesson 2, in a process of its own   it fails: that is the reason for lesson 3
//        └── on lesson 3, in a process of its own   it passes
//
// A lesson's server is started as a class starts it, as a program on a free port, and is
// killed by its process id. Its reader and sender are imported.

import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import timers from 'node:timers/promises'
import { syncBuiltinESMExports } from 'node:module'

const DEADLINE_MS = 30_000

/** Waits. This pause is not among the recorded ones. */
const sleep = timers.setTimeout

const children = new Set()
const stopAll = () => children.forEach((child) => child.kill('SIGTERM'))
process.on('exit', stopAll)
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

/**
 * Runs an experiment. `on`: the lessons, the one on which it fails and the one on which it
 * passes. `run` does it with one lesson, and answers whether the promise was kept.
 */
export async function experiment({ title, promise, on, run }) {
  const [, program, half] = process.argv
  if (half !== undefined) return runHalf(half, run)
  say(title, '', `The promise: ${promise}`, '')
  const kept = []
  for (const name of on) {
    say(`On ${nameOf(name)}:`)
    kept.push(await runProgram(program, name))
    say('')
  }
  const isShown = kept[0] === false && kept[1] === true
  say(
    isShown
      ? `It fails on ${nameOf(on[0])} and passes on ${nameOf(on[1])}. That is what lesson ${basename(program)[0]} is for.`
      : `Not as it should be: it must fail on ${nameOf(on[0])} and pass on ${nameOf(on[1])}. Run it again.`,
  )
  process.exitCode = isShown ? 0 : 1
}

/** Starts a lesson's server, and answers where it is, and how to kill it. */
export async function start(name, { port = 0, env = {} } = {}) {
  return startProgram(fileURLToPath(new URL(`../${name}.mjs`, import.meta.url)), {
    PORT: String(port),
    ...env,
  })
}

export async function startProgram(file, env = {}) {
  for (let tries = 1; ; tries++) {
    const child = spawn(process.execPath, [file], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.add(child)
    let why = ''
    child.stderr.setEncoding('utf8').on('data', (text) => (why += text))
    const ended = new Promise((resolve) => child.on('close', resolve))
    child.on('close', () => children.delete(child))
    const first = await Promise.race([
      new Promise((resolve) => child.stdout.once('data', resolve)),
      ended,
    ])
    const port = Number(/:(\d+)\n/.exec(String(first))?.[1])
    const kill = async () => {
      child.kill('SIGKILL')
      await ended
    }
    if (port > 0) return { url: `http://127.0.0.1:${port}`, port, kill }
    // Another program has the port for a moment.
    if (tries === 5) throw new Error(`${basename(file)} does not start: ${why}`)
    await sleep(200)
  }
}

/** The events of a reader, in an array that grows. A reader whose connection breaks has no more. */
export function collect(events, each = async () => undefined) {
  const got = []
  const run = async () => {
    for await (const event of events) {
      got.push(event)
      await each(event, got)
    }
  }
  run().catch(() => undefined)
  return got
}

/** Waits until a condition is true, and answers whether it was in time. */
export async function until(isSo, ms = 6000) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(5)) if (isSo()) return true
  return isSo()
}

/** How many requests this process makes from now on. */
export function countRequests() {
  const { fetch } = globalThis
  const counted = { requests: 0 }
  globalThis.fetch = (...request) => {
    counted.requests++
    return fetch(...request)
  }
  return counted
}

/** The pauses that this process makes from now on, in milliseconds, in an array that grows. */
export function recordPauses() {
  const pauses = []
  timers.setTimeout = (ms, ...rest) => {
    pauses.push(ms)
    return sleep(ms, ...rest)
  }
  syncBuiltinESMExports()
  return pauses
}

/** A network in front of a server that hands every request on, and loses the first answer. */
export async function startLosingNetwork(url) {
  let lost = 0
  const network = createServer(async (request, response) => {
    const answer = await fetch(url + request.url, {
      method: request.method,
      body: request,
      duplex: 'half',
    })
    const text = await answer.text()
    if (lost++ === 0) return response.destroy()
    response.writeHead(answer.status).end(text)
  })
  await new Promise((resolve) => network.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${network.address().port}`
}

export function say(...lines) {
  for (const line of lines) process.stdout.write(`${line}\n`)
}

/** One step of the experiment. */
export function step(sentence) {
  say(`  ${sentence}`)
}

/** The texts of messages, as a list that a person reads. */
export function list(messages) {
  return messages.length === 0 ? 'nothing' : messages.map(({ text }) => `"${text}"`).join(', ')
}

const nameOf = (name) => (/^\d/.test(name) ? `lesson ${name[0]} (${name}.mjs)` : name)

async function runHalf(name, run) {
  const late = setTimeout(() => {
    step(`✗ Not done after ${DEADLINE_MS / 1000} seconds.`)
    process.exit(1)
  }, DEADLINE_MS)
  const lesson = /^\d/.test(name) ? await import(`../${name}.mjs`) : {}
  const { kept, found } = await run({ name, ...lesson })
  clearTimeout(late)
  step(`${kept ? '✓' : '✗'} ${found}`)
  // Readers that are still asking end with the process.
  process.exit(kept ? 0 : 3)
}

/** True if the promise was kept, false if it was not; any other value is a fault of the experiment. */
function runProgram(program, name) {
  const child = spawn(process.execPath, [program, name], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  children.add(child)
  return new Promise((resolve) => {
    child.on('close', (code) => {
      children.delete(child)
      resolve(code === 0 ? true : code === 3 ? false : undefined)
    })
  })
}
