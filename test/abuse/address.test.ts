// The address of a request. Text that a client writes into its own X-Forwarded-For is left of the proxies' entries.

import { expect, test } from 'vitest'
import { addressOf, clientAddress, isLocal } from '../../src/transports/address.js'

const PEER = '203.0.113.9'

test.for([
  ['no proxy: the socket, whatever the header says', ['1.2.3.4'], 0, PEER],
  ['no header: the socket', [], 1, PEER],
  ['one proxy: the last entry', ['1.2.3.4'], 1, '1.2.3.4'],
  ['one proxy, a forged entry: still the last', ['6.6.6.6, 1.2.3.4'], 1, '1.2.3.4'],
  ['one proxy, many forged entries', [`${'6.6.6.6,'.repeat(500)}1.2.3.4`], 1, '1.2.3.4'],
  ['one proxy that adds a line of its own', ['6.6.6.6', '1.2.3.4'], 1, '1.2.3.4'],
  ['two proxies: the second from the right', ['6.6.6.6, 1.2.3.4, 10.0.0.1'], 2, '1.2.3.4'],
  ['two proxies, in two lines', ['6.6.6.6, 1.2.3.4', '10.0.0.1'], 2, '1.2.3.4'],
  ['fewer entries than proxies: the socket', ['6.6.6.6'], 2, PEER],
  ['no address: the socket', ['unknown'], 1, PEER],
  ['nothing at all: the socket', [''], 1, PEER],
  ['only commas: the socket', [',,,'], 1, PEER],
  ['a host name: the socket', ['evil.example'], 1, PEER],
  ['an escape sequence: the socket', ['\u001b[2J'], 1, PEER],
  ['a number that is too large: the socket', ['1.2.3.400'], 1, PEER],
  ['with a port', ['1.2.3.4:5678'], 1, '1.2.3.4'],
  ['with spaces', [' \t1.2.3.4  '], 1, '1.2.3.4'],
  ['IPv6: its /64', ['2001:db8:1:2:3:4:5:6'], 1, '2001:db8:1:2::/64'],
  ['IPv6, another of the same /64', ['2001:DB8:1:2::ffff'], 1, '2001:db8:1:2::/64'],
  ['IPv6, short', ['2001:db8::1'], 1, '2001:db8:0:0::/64'],
  ['IPv6, written long', ['2001:0db8:0000:0000:0000:0000:0000:0001'], 1, '2001:db8:0:0::/64'],
  ['IPv6 in brackets, with a port', ['[2001:db8::1]:443'], 1, '2001:db8:0:0::/64'],
  ['IPv4 inside IPv6', ['::ffff:1.2.3.4'], 1, '1.2.3.4'],
  ['IPv4 inside IPv6, in hexadecimal', ['::ffff:102:304'], 1, '1.2.3.4'],
  ['IPv4 inside another IPv6', ['64:ff9b::1.2.3.4'], 1, '64:ff9b:0:0::/64'],
  ['this machine', ['::1'], 1, '::1'],
] as const)('%s', ([, forwarded, proxies, address]) => {
  expect(clientAddress(PEER, forwarded, proxies)).toBe(address)
})

test.for([
  ['::ffff:203.0.113.9', PEER],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '::1'],
  ['::', '0:0:0:0::/64'],
  [undefined, ''],
])('a socket from %s counts as %s', ([socket, address]) => {
  expect(clientAddress(socket, [], 0)).toBe(address)
})

test('the header is found in any case, and in every line', () => {
  const rawHeaders = [
    'Host',
    'x',
    'x-forwarded-for',
    '6.6.6.6',
    'X-FORWARDED-FOR',
    '1.2.3.4',
    'X-Forwarded-Host',
    '9.9.9.9',
  ]
  expect(addressOf({ socket: { remoteAddress: PEER }, rawHeaders }, 1)).toBe('1.2.3.4')
  expect(addressOf({ socket: { remoteAddress: PEER }, rawHeaders }, 0)).toBe(PEER)
})

test.for([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['', true],
  ['128.0.0.1', false],
  ['1.127.0.0', false],
  [PEER, false],
  ['0:0:0:0::/64', false],
] as const)('%s is this machine: %s', ([address, isSo]) => {
  expect(isLocal(address)).toBe(isSo)
})
