#!/usr/bin/env node
// The command line: reads the flags, makes the app, listens, and ends on a signal.

import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { reachableAddresses } from './addresses.js'
import { createApp } from './app.js'
import { parseCommand } from './command.js'
import { SUBCOMMANDS } from './commands/index.js'
import { type Config, help } from './config.js'
import { ChatError, codeOf } from './core/errors.js'
import { UsageError } from './flags.js'
import { createLogger, paint } from './log.js'
import { VERSION } from './platform.js'
import { KEPT } from './started.js'

try {
  const args = process.argv.slice(2)
  const subcommand = SUBCOMMANDS.find(({ name }) => name === args[0])
  if (subcommand === undefined) await run(args)
  else process.exitCode = await subcommand.run(args.slice(1), process)
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof ChatError)) throw error
  process.stderr.write(`mini-chat: ${error.message}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}

async function run(args: readonly string[]): Promise<void> {
  const command = parseCommand(args, process.env)
  if (command.name === 'help') process.stdout.write(help(SUBCOMMANDS, command.topic))
  else if (command.name === 'version') process.stdout.write(`${VERSION}\n`)
  else if (command.config.lab && process.env[KEPT] === undefined) await supervise(args, command.config)
  else await serve(command.config)
}

/** The lab kills its server, so a supervisor keeps it. */
async function supervise(args: readonly string[], config: Config): Promise<void> {
  const { supervise: keep } = await import('./lab/supervisor.js')
  process.exit(await keep(args, config))
}

async function serve(config: Config): Promise<void> {
  const log = createLogger({ format: config.log, quiet: config.quiet })
  const isAgain = process.env[KEPT] === 'again'
  const app = await createApp(config, log)
  let port: number
  try {
    port = await app.listen()
  } catch (error) {
    process.stderr.write(`mini-chat: ${whyNot(error, config)}\n`)
    process.exit(1)
  }
  stopOnSignal(async () => {
    if (config.drain > 0) {
      app.drain()
      if (!config.quiet) say(config, 'draining', `not ready any more; stopping in ${config.drain} s`)
      await sleep(config.drain * 1000)
    }
    await app.stop()
    if (!config.quiet) say(config, 'stopped', 'stopped; everybody was told')
  })
  if (!config.quiet) {
    if (config.log === 'json') log.info('listening', { host: config.host, port, tcp: app.tcpPort, version: VERSION })
    else if (isAgain) process.stdout.write('  started again\n')
    else process.stdout.write(greeting(config, port, app.tcpPort))
  }
  if (config.open && !isAgain) openBrowser(`http://localhost:${port}${config.base}`)

  function say({ log: format }: Config, event: string, sentence: string): void {
    if (format === 'json') log.info(event)
    else process.stdout.write(`  ${sentence}\n`)
  }
}

/** The first signal stops in good order, the second at once. */
function stopOnSignal(stop: () => Promise<void>): void {
  let stopping = false
  const onSignal = (): void => {
    if (stopping) process.exit(130)
    stopping = true
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`mini-chat: could not stop in good order: ${JSON.stringify(String(error))}\n`)
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}

function greeting({ host, base, password }: Config, port: number, tcp: number | undefined): string {
  const rows = addressesOf(host).map(
    ([label, address]) => `  ${label.padEnd(9)}${paint('cyan', `http://${address}:${port}${base}`)}`,
  )
  if (tcp !== undefined)
    rows.push(`  ${'Lines'.padEnd(9)}${paint('cyan', `nc ${addressesOf(host)[0]?.[1] ?? 'localhost'} ${tcp}`)}`)
  const curl = `curl ${password === undefined ? '' : '-u :PASSWORD '}-d 'hello' 'http://localhost:${port}${base}/send?room=lobby&username=me'`
  return [
    '',
    `  ${paint('bold', 'mini-chat')} ${paint('dim', VERSION)}`,
    '',
    ...rows,
    '',
    `  ${paint('dim', 'try')}      ${curl}`,
    `  ${paint('dim', 'stop')}     Ctrl-C`,
    '',
    '',
  ].join('\n')
}

/** The addresses of this server: on this machine, and for other machines if it listens on every address. */
function addressesOf(host: string): [label: string, address: string][] {
  if (host !== '0.0.0.0' && host !== '::') return [['Local', host.includes(':') ? `[${host}]` : host]]
  return [['Local', 'localhost'], ...reachableAddresses(host).map((address): [string, string] => ['Network', address])]
}

function whyNot(error: unknown, { host, port: http, tcp }: Config): string {
  const port = error instanceof Error && 'port' in error ? Number(error.port) : http
  const flag = port === tcp && port !== http ? '--tcp' : '--port'
  const code = codeOf(error)
  if (code === 'EADDRINUSE')
    return `port ${port} is taken: see who has it with \`${ownerCommand(port)}\`, or choose another with ${flag}`
  if (code === 'EACCES') return `port ${port} needs rights that you do not have: choose one above 1023 with ${flag}`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `this machine has no address ${JSON.stringify(host)}: choose another with --host`
  return `could not listen on port ${port}: ${JSON.stringify(String(error))}`
}

function ownerCommand(port: number): string {
  if (process.platform === 'win32') return `netstat -ano | findstr :${port}`
  return process.platform === 'linux' ? `ss -ltnp 'sport = :${port}'` : `lsof -nP -iTCP:${port} -sTCP:LISTEN`
}

function openBrowser(url: string): void {
  const [command, ...args] = { darwin: ['open', url], win32: ['cmd', '/c', 'start', '', url] }[
    process.platform as string
  ] ?? ['xdg-open', url]
  // Without a browser, the printed address has to do.
  spawn(command ?? 'xdg-open', args, { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref()
}
