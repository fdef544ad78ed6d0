// A server whose clock stands still until the test moves it, for everything that waits for seconds and minutes.

import { onTestFinished } from 'vitest'
import { createApp } from '../../src/app.js'
import { defaults } from '../../src/command.js'
import type { Config } from '../../src/config.js'
import type { Chat } from '../../src/core/chat.js'
import type { Logger } from '../../src/log.js'
import type { Transport } from '../../src/transports/transport.js'
import { FakeClock } from './clock.js'

export type HeldServer = {
  readonly chat: Chat
  readonly clock: FakeClock
  readonly transports: ReadonlyMap<string, Transport>
  readonly port: number
  readonly tcpPort: number
}

export async function startHeld(given: Partial<Config> = {}): Promise<HeldServer> {
  const clock = new FakeClock()
  const bugs: unknown[] = []
  const log: Logger = { info: () => undefined, error: (_event, error) => void bugs.push(error) }
  const app = await createApp(defaults({ port: 0, host: '127.0.0.1', quiet: true, ...given }), log, clock)
  const port = await app.listen()
  onTestFinished(async () => {
    app.http.server.closeAllConnections()
    await app.stop()
    if (bugs.length > 0) throw bugs[0]
  })
  return { chat: app.chat, clock, transports: app.transports, port, tcpPort: app.tcpPort ?? 0 }
}
