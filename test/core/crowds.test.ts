import { expect, test } from 'vitest'
import { Crowds } from '../../src/core/crowds.js'
import { createChat } from '../support/chat.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a room that is not here is empty where this process is alone, and is not opened for that', async () => {
  const { chat } = createChat()
  expect(await chat.members('lobby')).toEqual({ members: [], membersJson: '[]', hands: [] })
  expect([...chat.rooms.all()]).toEqual([])
})

test('beside other processes it is opened to see who is there, and goes again', async () => {
  const { chat, clock } = createChat()
  const crowds = new Crowds(clock, chat.rooms, false)
  expect((await crowds.members('lobby')).members).toEqual([])
  expect(chat.rooms.get('lobby')).toBeDefined()
  clock.settle()
  expect(chat.rooms.get('lobby')).toBeUndefined()
})

test('who is in a room is told at once, in one of more than 500 in turns', async () => {
  const { chat } = createChat()
  const join = (i: number) => chat.join({ room: 'hall', username: `u${i}` })
  const told: number[] = []
  const ask = (): void => {
    for (let i = 0; i < 20; i++) void chat.members('hall').then(({ members }) => told.push(members.length))
  }
  for (let i = 0; i < 500; i++) await join(i)
  ask()
  await turn()
  expect(told).toEqual(Array.from({ length: 20 }, () => 500))
  await join(500)
  ask()
  await turn()
  expect(told.slice(20)).toEqual(Array.from({ length: 8 }, () => 501))
})
