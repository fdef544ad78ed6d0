import { expect, test } from 'vitest'
import { ChatError, codeOf, isFullDisk } from '../../src/core/errors.js'

test('the system’s code of an error is a word that an error has, and nothing else', () => {
  const error = (code: unknown): Error => Object.assign(new Error('no'), { code })
  expect([error('ENOSPC'), new ChatError('full', 'no')].map(codeOf)).toEqual(['ENOSPC', 'full'])
  for (const other of [error(28), new Error('no'), { code: 'ENOSPC' }, null, undefined, 'ENOSPC'])
    expect(codeOf(other)).toBeUndefined()
})

test('a disk is full, or a person’s share of it', () => {
  expect(['ENOSPC', 'EDQUOT', 'EIO', undefined].map(isFullDisk)).toEqual([true, true, false, false])
})
