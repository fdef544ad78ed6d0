// What a client has shown in `Authorization` (RFC 9110, section 11.4).

import { expect, test } from 'vitest'
import { bearerOf, credentialsOf } from '../../src/auth/auth.js'

test.each([
  ['Bearer token', 'token'],
  ['bearer token', 'token'],
  ['BEARER   two words  ', 'two words'],
  ['Bearer ', ''],
])('%j shows %j', (authorization, token) => {
  expect(bearerOf(authorization)).toBe(token)
})

test.each([
  '',
  'Bearer',
  'token',
  'Basic token',
  'Bearers token',
  'Bearer\ttoken',
  'Bearer:token',
  ' Bearer token',
  'xBearer token',
])('%j shows no token', (authorization) => {
  expect(bearerOf(authorization)).toBeUndefined()
})

test('each scheme has credentials of its own', () => {
  expect([credentialsOf('basic eA==', 'basic'), credentialsOf('Bearer eA==', 'basic')]).toEqual(['eA==', undefined])
  expect([credentialsOf('Digest eA==', 'basic'), bearerOf('Digest eA==')]).toEqual([undefined, undefined])
})
