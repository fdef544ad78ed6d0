import { expect, test } from 'vitest'
import { type Member, NO_ORDERS } from '../../src/core/people/directory.js'
import type { People, PeopleNews } from '../../src/directory/shared/people.js'
import { RoomPeople } from '../../src/directory/shared/room-people.js'

const person = (username: string, place: number): Member => ({
  username,
  fold: username,
  token: `t-${username}`,
  place,
})

/** A room in a Redis that a test changes; `told`: what its listener was told. */
function createPeople() {
  const told: string[] = []
  const reclaimed: string[] = []
  const redis = { born: '', version: 0, members: new Map<string, Member>() }
  let reads = 0
  const people = new RoomPeople({
    listener: {
      held: ({ username, place }) => void told.push(`+${username} ${place}`),
      freed: ({ username }) => void told.push(`-${username}`),
      typing: ({ username }, typing) => void told.push(`${username} ${typing}`),
      ordered: () => undefined,
      expired: () => undefined,
    },
    read: async (): Promise<People> => {
      reads++
      return { ...redis, members: new Map(redis.members), orders: NO_ORDERS }
    },
    reclaim: async (members) => {
      for (const { username } of members) reclaimed.push(username)
    },
  })
  const change = (kind: 'held' | 'freed', member: Member): PeopleNews => {
    redis.born ||= 'b1'
    redis.version++
    if (kind === 'held') redis.members.set(member.fold, member)
    else redis.members.delete(member.fold)
    return { kind, born: redis.born, version: redis.version, member }
  }
  return { people, told, reclaimed, redis, change, reads: () => reads }
}

test('news in their turn are told without reading anything', async () => {
  const { people, told, change, reads } = createPeople()
  await people.hear(change('held', person('ada', 1)))
  const before = reads()
  expect(people.hear(change('held', person('bob', 2)))).toBeUndefined()
  expect(people.hear(change('freed', person('ada', 1)))).toBeUndefined()
  expect([told, reads()]).toEqual([['+ada 1', '+bob 2', '-ada'], before])
})

test('news that are lost, doubled or late end in the same people', async () => {
  const { people, told, change } = createPeople()
  const first = change('held', person('ada', 1))
  const lost = change('held', person('bob', 2))
  const third = change('freed', person('ada', 1))
  for (const news of [first, third, third, lost, first]) await people.hear(news)
  expect(told).toEqual(['+bob 2'])
  expect([...people.members].map(({ username }) => username)).toEqual(['bob'])
})

test('one who has just come is known before the news, and nobody takes a name again for it', async () => {
  const { people, told, reclaimed, change } = createPeople()
  const news = change('held', person('ada', 1))
  people.add(person('ada', 1))
  await people.hear(news)
  expect([told, reclaimed]).toEqual([['+ada 1'], []])
})

test('where Redis lost a room, those who were in it take their names again', async () => {
  const { people, redis, reclaimed, told, change } = createPeople()
  await people.hear(change('held', person('ada', 1)))
  redis.born = ''
  redis.version = 0
  redis.members.clear()
  await people.catchUp()
  expect([reclaimed, told]).toEqual([['ada'], ['+ada 1', '-ada']])
})

test('only a member types', async () => {
  const { people, told, change } = createPeople()
  await people.hear(change('held', person('ada', 1)))
  for (const [fold, token] of [
    ['ada', 't-ada'],
    ['ada', 't-old'],
    ['bob', 't-bob'],
  ] as const)
    await people.hear({ kind: 'typing', fold, token, typing: true })
  expect(told).toEqual(['+ada 1', 'ada true'])
})
