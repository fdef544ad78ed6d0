import { expect, test } from 'vitest'
import { textFrames } from '../../src/transports/websocket/text-frames.js'

test('texts of every length are framed as RFC 6455 has it', () => {
  const headOf = (length: number): string =>
    textFrames(['x'.repeat(length)])
      .subarray(0, -length)
      .toString('hex')
  expect([1, 125, 126, 65_535, 65_536].map(headOf)).toEqual([
    '8101',
    '817d',
    '817e007e',
    '817effff',
    '817f0000000000010000',
  ])
})

test('several are one behind the other, and their length is counted in bytes', () => {
  expect(textFrames(['é', 'hi'])).toEqual(Buffer.from('\x81\x02\xc3\xa9\x81\x02hi', 'latin1'))
})
