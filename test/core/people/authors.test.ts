// Who wrote what is remembered for a time, and never more of it than fits.

import { describe, expect, test } from 'vitest'
import { Authors, EDIT_MS } from '../../../src/core/people/authors.js'
import { Session } from '../../../src/core/people/sessions.js'
import { FakeClock } from '../../support/clock.js'

function create(): { authors: Authors; clock: FakeClock; session: (token: string) => Session } {
  const clock = new FakeClock()
  return { authors: new Authors(clock, EDIT_MS), clock, session: (token) => new Session(token, 'ada', clock) }
}

const at = (id: number) => ({ room: 'lobby', epoch: 'k3f9qz1a', id })

describe('what is remembered of authors', () => {
  test('is the newest 100 messages of a session', async () => {
    const { authors, session } = create()
    const ada = session('ada')
    for (let id = 1; id <= 150; id++) authors.wrote(ada, at(id))
    expect(authors.messages).toBe(100)
    expect([await authors.isAuthor(ada, at(50)), await authors.isAuthor(ada, at(51))]).toEqual([false, true])
  })

  test('is so many messages of all sessions together; those who wrote last are remembered', async () => {
    const { authors, session } = create()
    const first = session('first')
    for (let id = 1; id <= 100; id++) authors.wrote(first, at(id))
    for (let i = 0; i < 1100; i++) {
      const one = session(`s${i}`)
      for (let id = 1; id <= 100; id++) authors.wrote(one, at(100 * i + id))
    }
    expect(authors.messages).toBeLessThanOrEqual(100_000)
    expect(authors.messages).toBeGreaterThan(99_000)
    expect(await authors.isAuthor(first, at(1))).toBe(false)
    expect(await authors.isAuthor(session('s1099'), at(100 * 1099 + 1))).toBe(true)
  })

  test('goes when nothing of it may be changed any more', () => {
    const { authors, clock, session } = create()
    for (let i = 0; i < 20; i++) authors.wrote(session(`s${i}`), at(i + 1))
    clock.advance(EDIT_MS + 1)
    authors.wrote(session('ada'), at(30))
    expect([authors.size, authors.messages]).toEqual([1, 1])
  })
})
