// The files that messages carry, with a shelf that a test can look at and break.

import { describe, expect, test } from 'vitest'
import { Carrying } from '../../../src/core/people/carrying.js'
import type { Session } from '../../../src/core/people/sessions.js'
import { codeOf, createChat, message } from '../../support/chat.js'
import { createShelf, file, fileId as id } from '../../support/shelf.js'

async function shelf(fails?: RegExp): Promise<{ carrying: Carrying; session: Session; done: string[] }> {
  const { session } = await createChat().chat.join({ room: 'lobby', username: 'ada' })
  const { files, done } = createShelf(fails)
  return { carrying: new Carrying(files), session, done }
}

describe('a file', () => {
  test('is found by the session that has uploaded it to the room', async () => {
    const { carrying, session } = await shelf()
    expect(await carrying.find(id, 'lobby', session)).toEqual({ file, isSent: false })
    expect(await codeOf(() => carrying.find(id, 'den', session))).toBe('not_found')
    expect(await codeOf(() => carrying.find('y'.repeat(22), 'lobby', session))).toBe('not_found')
    expect(await codeOf(() => carrying.find('no id', 'lobby', session))).toBe('bad_request')
    expect(await codeOf(() => carrying.find(id, 'lobby', undefined))).toBe('unauthorized')
  })

  test('is a message’s once, and free again where that was not kept', async () => {
    const { carrying, session, done } = await shelf()
    const undo = await carrying.take(await carrying.find(id, 'lobby', session), false)
    expect(done).toEqual([`${id} is sent`])
    const again = await carrying.find(id, 'lobby', session)
    expect(await codeOf(() => carrying.take(again, false))).toBe('not_found')
    undo?.()
    expect(done).toEqual([`${id} is sent`, `${id} is not sent`])
    expect(await carrying.find(id, 'lobby', session)).toEqual({ file, isSent: false })
  })

  test('that was sent is taken again with a key, and no undo frees it', async () => {
    const { carrying, done } = await shelf()
    expect(await carrying.take({ file, isSent: true }, true)).toBeUndefined()
    expect(done).toEqual([`${id} is sent`])
  })

  test('goes with its message, and with all of its room', async () => {
    const { carrying, done } = await shelf()
    carrying.drop(message(1))
    carrying.drop(message(2, { file }))
    carrying.dropAll('lobby', 9)
    expect(done).toEqual([`${id} removed`, 'lobby cleared to 9'])
  })

  test('that cannot be freed or removed is left where it is, and nothing fails for that', async () => {
    const { carrying, done } = await shelf(/not sent|removed|cleared/)
    const undo = await carrying.take({ file, isSent: false }, false)
    undo?.()
    carrying.drop(message(2, { file }))
    carrying.dropAll('lobby', 9)
    expect(done).toHaveLength(4)
  })

  test('that cannot be made a message’s refuses the message', async () => {
    const { carrying } = await shelf(/is sent/)
    await expect(carrying.take({ file, isSent: false }, false)).rejects.toThrow('no disk')
  })
})

test('a chat that carries no files finds none, and drops none', async () => {
  const { session } = await shelf()
  const carrying = new Carrying(undefined)
  expect(await codeOf(() => carrying.find(id, 'lobby', session))).toBe('not_found')
  carrying.drop(message(1, { file }))
  carrying.dropAll('lobby', 9)
  const undo = await carrying.take({ file, isSent: false }, false)
  undo?.()
})
