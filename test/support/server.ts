// A whole server in this process, on a free port, that ends with its test.

import { onTestFinished } from 'vitest'
import { type App, createApp } from '../../src/app.js'
import { defaults } from '../../src/command.js'
import type { Config } from '../../src/config.js'
import type { Logger } from '../../src/log.js'

export type TestServer = {
  readonly app: App
  readonly port: number
  readonly url: string
  /** What the server logged as a bug. */
  readonly bugs: unknown[]
  stop(): Promise<void>
  /** Where this stands for several: which. */
  readonly all?: readonly TestServer[]
}

/** Settings that tests do not care for are as they come; a bug in the server fails the test that hit it. */
export async function startServer(given: Partial<Config> = {}): Promise<TestServer> {
  const bugs: unknown[] = []
  const log: Logger = { info: () => undefined, error: (_event, error) => void bugs.push(error) }
  const app = await createApp(defaults({ port: 0, host: '127.0.0.1', quiet: true, ...given }), log)
  const port = await app.listen()
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => (stopped ??= app.stop())
  onTestFinished(async () => {
    app.http.server.closeAllConnections()
    await stop()
    if (bugs.length > 0) throw bugs[0]
  })
  return { app, port, url: `http://127.0.0.1:${port}`, bugs, stop }
}

/** Waits until something is so, looking often. Fails with the last value when it does not come. */
export async function until<T>(read: () => T, isSo: (value: T) => boolean, ms = 15_000): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    const value = read()
    if (isSo(value)) return value
    if (performance.now() > end) throw new Error(`it did not come within ${ms} ms: ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
