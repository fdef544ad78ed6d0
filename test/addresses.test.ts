// The addresses of a server: which there are, and which clients are told.

import { describe, expect, test } from 'vitest'
import { reachableAddresses } from '../src/addresses.js'
import type { Config } from '../src/config.js'
import { ask } from './support/raw.js'
import { startServer } from './support/server.js'

const OWN = [
  { network: 'docker0', address: '172.17.0.1' },
  { network: 'wlan0', address: '192.168.1.20' },
  { network: 'tailscale0', address: '100.64.0.3' },
  { network: 'eth0', address: '10.0.0.7' },
]

describe('which addresses there are', () => {
  test('on all addresses: those of real networks come before those of containers and tunnels', () => {
    expect(reachableAddresses('0.0.0.0', OWN)).toEqual(['192.168.1.20', '10.0.0.7', '172.17.0.1', '100.64.0.3'])
  })

  test('on one address it is that one, and on a loopback address there is none', () => {
    expect(reachableAddresses('10.0.0.7', OWN)).toEqual(['10.0.0.7'])
    expect(reachableAddresses('fd00::7', OWN)).toEqual(['[fd00::7]'])
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1'])
      expect(reachableAddresses(host, OWN), host).toEqual([])
  })
})

describe('who is told', () => {
  /** What a server on all addresses answers, asked from its own machine. */
  const told = async (headers: Record<string, string>, given: Partial<Config> = {}): Promise<unknown> => {
    const { port } = await startServer({ host: '0.0.0.0', base: '/chat', ...given })
    const { status, body } = await ask(port, { path: '/chat/addresses', headers })
    expect(status).toBe(200)
    const own = reachableAddresses('0.0.0.0').map((address) => `http://${address}:${port}/chat`)
    const { addresses }: { addresses: unknown } = JSON.parse(body)
    if (own.length > 0) expect([own, []]).toContainEqual(addresses)
    return Array.isArray(addresses) && addresses.length === own.length
  }
  const hasNetwork = reachableAddresses('0.0.0.0').length > 0

  test.skipIf(!hasNetwork)('the machine that it runs on', async () => {
    for (const host of ['localhost', 'localhost:8000', '127.0.0.1:8000', '[::1]:8000'])
      expect(await told({ Host: host }), host).toBe(true)
  })

  test.skipIf(!hasNetwork)('nobody who comes through a proxy on that machine, or by another name', async () => {
    for (const name of ['Forwarded', 'Via', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Real-IP'])
      expect(await told({ Host: 'localhost', [name]: 'x' }), name).toBe(false)
    expect(await told({ Host: '192.168.1.20' })).toBe(false)
    expect(await told({ Host: 'localhost' }, { trustProxy: 1 })).toBe(false)
    expect(await told({ Host: 'localhost' }, { host: '127.0.0.1' })).toBe(false)
  })
})
