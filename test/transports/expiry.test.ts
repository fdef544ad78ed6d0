// Expired messages: what a server tells about them, in memory alone and with a folder.

import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/journal.js'
import { parse, poll, send } from '../support/http.js'
import { ask } from '../support/raw.js'
import { startServer, until } from '../support/server.js'
import { SSE } from '../support/visits.js'

describe.each(['memory', 'a folder'])('messages whose time is over, in %s', (store) => {
  test('are in no answer; who is behind them is told, and who has had them waits for the next one', async () => {
    const data = store === 'memory' ? undefined : temporaryFolder()
    const { app, port } = await startServer({ keepMs: 400, data })
    await send(port, 'lobby', 'ada', 'one')
    const { next: one } = await poll(port, 'room=lobby&since=0&wait=0')
    await send(port, 'lobby', 'ada', 'two')
    const { next: two } = await poll(port, 'room=lobby&since=0&wait=0')
    const parked = poll(port, `room=lobby&since=${two}&wait=20`)
    await until(
      () => app.chat.rooms.get('lobby')?.first,
      (first) => first === 3,
      5000,
    )
    const gap = { room: 'lobby', reason: 'overflow', missed: 1, first: 3 }
    expect(await poll(port, `room=lobby&since=${one}`)).toMatchObject({ messages: [], next: two, gaps: [gap] })
    expect(await poll(port, 'room=lobby')).toMatchObject({ messages: [], next: two, gaps: [] })
    expect(parse(await ask(port, { path: '/history?room=lobby' }))).toMatchObject({ messages: [], first: 3, last: 2 })
    expect(parse(await ask(port, { path: '/rooms' }))).toMatchObject({ rooms: [{ room: 'lobby', first: 3, last: 2 }] })
    const visit = await SSE.open(port, 'lobby', '', one)
    await until(
      () => visit.missed,
      (missed) => missed === 1,
    )
    await send(port, 'lobby', 'ada', 'three')
    expect((await parked).messages).toMatchObject([{ id: 3, text: 'three' }])
    await until(
      () => visit.texts,
      (texts) => texts.length > 0,
    )
    expect(visit.texts).toEqual(['three'])
    visit.close()
  })
})
