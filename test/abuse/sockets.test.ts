// More connections than the system gives the server descriptors for.

import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { mostDescriptors, mostSockets } from '../../src/descriptors.js'
import { startChild } from '../support/child.js'
import { post, send } from '../support/http.js'
import { temporaryFolder } from '../support/journal.js'
import { head, RawClient } from '../support/raw.js'

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             1024                 1024                 processes
Max open files            256                  1048576              files
`

test('the most sockets leave some descriptors for files', () => {
  expect(mostDescriptors(() => LIMITS)).toBe(256)
  expect(mostDescriptors(() => 'Max open files            unlimited            unlimited')).toBe(Infinity)
  const unknown = mostDescriptors(() => {
    throw new Error('no /proc')
  })
  expect(unknown).toBe(Infinity)
  expect([256, 1024, 10_240, 8].map(mostSockets)).toEqual([192, 921, 9216, 16])
  expect(mostSockets(Infinity)).toBe(Infinity)
})

test.skipIf(process.platform !== 'linux')(
  'more connections than there are descriptors are closed, messages are kept meanwhile, and the next are taken afterwards',
  { timeout: 60_000 },
  async () => {
    const few = ['sh', '-c', 'ulimit -n 256; exec "$0" "$@"']
    const server = await startChild(['--data', temporaryFolder(), '--tcp', '0'], few)
    onTestFinished(() => void server.end('SIGKILL'))
    const port = Number(new URL(server.url).port)
    const speaker = new RawClient(port)
    onTestFinished(() => speaker.destroy())
    const say = async (text: string): Promise<number | undefined> => {
      const request = post('/send', { room: 'lobby', username: 'ada', text })
      speaker.write(head(request) + String(request.body))
      return (await speaker.answer())?.status
    }
    expect(await say('before')).toBe(201)
    let closed = 0
    const sockets = Array.from({ length: 400 }, () => {
      const socket = connect({ port, host: '127.0.0.1' })
      socket.on('error', () => undefined) // It is reset: that is the answer.
      return socket.on('close', () => closed++).resume()
    })
    await expect.poll(() => closed, { timeout: 10_000 }).toBeGreaterThan(200)
    for (let i = 0; i < 20; i++) expect(await say(`meanwhile ${i}`)).toBe(201)
    for (const socket of sockets) socket.destroy()
    const after = (): Promise<number> =>
      send(port, 'lobby', 'bob', 'after').then(
        ({ status }) => status,
        () => 0,
      )
    await expect.poll(after, { timeout: 10_000 }).toBe(201)
    expect(server.output()).not.toContain('EMFILE')
  },
)
