// Where a request stands inside a program that mounts the chat below a path.

import { expect, test } from 'vitest'
import { placeOf } from '../../../src/transports/http/place.js'

/** As a framework leaves a request: what it took off is in `originalUrl` alone. */
function place(url: string, originalUrl?: string, base = ''): unknown {
  const request = { url, ...(originalUrl === undefined ? {} : { originalUrl }) }
  return placeOf(request, base)
}

test.each([
  ['/poll?room=a', undefined, '', { url: '/poll?room=a', base: '' }],
  ['/poll?room=a', '/poll?room=a', '', { url: '/poll?room=a', base: '' }],
  ['/poll?room=a', '/chat/poll?room=a', '', { url: '/chat/poll?room=a', base: '/chat' }],
  ['/', '/chat', '', { url: '/chat', base: '/chat' }],
  ['/?a', '/chat?a', '', { url: '/chat?a', base: '/chat' }],
  ['/', '/chat/', '', { url: '/chat/', base: '/chat' }],
  ['/poll', '/deep/chat/poll', '', { url: '/deep/chat/poll', base: '/deep/chat' }],
  ['/poll', '/chat/poll', '/chat', { url: '/chat/poll', base: '/chat' }],
  ['/chat/poll', '/deep/chat/poll', '/chat', { url: '/chat/poll', base: '/chat' }],
  ['/chat/poll', '/deep/chat/poll', '/deep/chat', { url: '/deep/chat/poll', base: '/deep/chat' }],
  // The program gave the request another address; nothing was taken off.
  ['/poll', '/other', '', { url: '/poll', base: '' }],
])('%s of %s with the base "%s"', (url, original, base, expected) => {
  expect(place(url, original, base)).toEqual(expected)
})

test.each(['/a;Domain=evil.example/login', '//evil.example/login', '/%0d%0a/login', '/../login', '/a//login'])(
  'a path that a client chose is no base: %s',
  (original) => {
    expect(place('/login', original)).toEqual({ url: '/login', base: '' })
  },
)
