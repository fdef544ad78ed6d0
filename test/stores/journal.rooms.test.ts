import { expect, test } from 'vitest'
import { parseCommand } from '../../src/command.js'
import { UsageError } from '../../src/flags.js'
import { journalIn, temporaryFolder } from '../support/journal.js'
import { startServer, until } from '../support/server.js'
import { draft } from './contract.js'

test('a start brings the rooms back, the quietest first to be forgotten, and no more than there may be', async () => {
  const data = temporaryFolder()
  const journal = await journalIn(data)
  for (const room of ['a', 'b', 'c', 'd', 'b']) await journal.append(room, draft('hi', room))
  await journal.close()
  const { app, url } = await startServer({ data, rooms: 3 })
  await until(
    () => [...app.chat.rooms].map(({ name }) => name),
    (names) => names.length === 3,
  )
  expect([...app.chat.rooms].map(({ name }) => name)).toEqual(['c', 'd', 'b'])
  await fetch(`${url}/send?room=a&username=ada`, { method: 'POST', body: 'back' })
  expect([...app.chat.rooms].map(({ name, last }) => [name, last])).toEqual([
    ['d', 1],
    ['b', 2],
    ['a', 2],
  ])
})

test('the settings of the journal are read, and wrong ones are refused in a sentence', () => {
  const configOf = (args: readonly string[], env = {}): unknown => {
    const command = parseCommand(args, env)
    return command.name === 'serve' ? command.config : command.name
  }
  expect(configOf([])).toMatchObject({ data: undefined, sync: 'always', keepMs: undefined, keepBytes: undefined })
  expect(configOf(['--data', 'chat', '--sync', 'everysec', '--keep', '30d', '--keep-bytes', '1gb'])).toMatchObject({
    data: 'chat',
    sync: 'everysec',
    keepMs: 2_592_000_000,
    keepBytes: 2 ** 30,
  })
  expect(configOf([], { MINI_CHAT_DATA: 'chat', MINI_CHAT_SYNC: 'never', MINI_CHAT_KEEP: '90s' })).toMatchObject({
    data: 'chat',
    sync: 'never',
    keepMs: 90_000,
  })
  for (const args of [
    ['--sync', 'often'],
    ['--keep', '30'],
    ['--keep', '0d'],
    ['--data', 'chat', '--keep-bytes', 'much'],
    ['--keep-bytes', '1gb'],
  ])
    expect(() => configOf(args)).toThrow(UsageError)
})
