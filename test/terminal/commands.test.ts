import { expect, test } from 'vitest'
import { parseAddress } from '../../src/terminal/address.js'
import { Completion } from '../../src/terminal/completion.js'
import { roomRows, whoRow } from '../../src/terminal/lists.js'
import { parseCommand } from '../../src/terminal/commands.js'

test.each([
  ['hello', { kind: 'say', text: 'hello' }],
  ['  indented', { kind: 'say', text: '  indented' }],
  ['//etc/passwd', { kind: 'say', text: '/etc/passwd' }],
  ['/me waves ', { kind: 'say', text: '/me waves' }],
  ['/join den', { kind: 'join', room: 'den' }],
  ['/join #den', { kind: 'join', room: 'den' }],
  ['/leave', { kind: 'leave', room: undefined }],
  ['/leave den', { kind: 'leave', room: 'den' }],
  ['/who', { kind: 'who', room: undefined }],
  ['/rooms', { kind: 'rooms' }],
  ['/hand', { kind: 'hand' }],
  ['/nick Ada Byron', { kind: 'nick', username: 'Ada Byron' }],
  ['/edit hello there', { kind: 'edit', text: 'hello there' }],
  ['/delete', { kind: 'delete' }],
  ['/reply yes, please', { kind: 'reply', name: undefined, text: 'yes, please' }],
  ['/reply @ada yes', { kind: 'reply', name: 'ada', text: 'yes' }],
  ['/react 👍', { kind: 'react', name: undefined, text: '👍' }],
  ['/react @Ada_Byron 👍', { kind: 'react', name: 'Ada_Byron', text: '👍' }],
  ['/search two words', { kind: 'search', words: 'two words' }],
  ['/help', { kind: 'help' }],
  ['/quit', { kind: 'quit' }],
  ['exit', { kind: 'quit' }],
  ['  ', { kind: 'nothing' }],
])('%j is understood', (line, command) => {
  expect(parseCommand(line)).toEqual(command)
})

test.each([
  ['/jion den', '/help'],
  ['/join', 'room is required'],
  ['/join two words', 'room is 1 to 64'],
  ['/me', '/me waves'],
  ['/edit', '/edit hello'],
  ['/delete that', 'no more words'],
  ['/reply', '/reply yes'],
  ['/reply @ada', '/reply @ada yes'],
  ['/react', '/react 👍'],
  ['/search', '/search exam'],
  ['/nick', '/nick ada'],
  ['/nick [ada]', 'bracket'],
  ['/msg bob our secret', '/msg did nothing'],
  ['/msg', 'begin with the name'],
])('%j is answered with what to do', (line, advice) => {
  const command = parseCommand(line)
  expect(command.kind === 'wrong' && command.why).toContain(advice)
})

test.each([
  ['localhost:8000', { url: 'http://localhost:8000', room: undefined }],
  ['http://192.168.1.5:8000/', { url: 'http://192.168.1.5:8000', room: undefined }],
  ['http://localhost:8000/#den', { url: 'http://localhost:8000', room: 'den' }],
  ['https://school.example/chat/', { url: 'https://school.example/chat', room: undefined }],
])('%s is an address', (written, address) => {
  expect(parseAddress(written)).toEqual(address)
})

test.each(['ftp://x', 'http://', 'http://a:b@c', 'a b:c'])('%s is no address', (written) => {
  expect(() => parseAddress(written)).toThrow('no address of a server')
})

test('rooms and people are listed, and an odd answer breaks nothing', () => {
  const rooms = [
    { room: 'den', members: 0, last: 1 },
    { room: 'lobby', members: 2, last: 30 },
  ]
  expect(roomRows({ rooms })).toBe('lobby  2 people, 30 messages\nden    0 people, 1 message')
  expect(roomRows({ rooms: [] })).toBe('there are no rooms yet')
  expect(whoRow({ room: 'den', members: ['ada', 'bob'] })).toBe('den: ada, bob')
  expect(whoRow({ room: 'den', members: [] })).toBe('den: nobody')
})

test('Tab completes commands at the start of a line, and names anywhere', () => {
  const completion = new Completion()
  for (const name of ['ada', 'Adam', 'bob', 'eve\u202e']) completion.hear(name)
  expect(completion.complete('/le')).toEqual([['/leave '], '/le'])
  expect(completion.complete('hello ad')).toEqual([['ada ', 'Adam '], 'ad'])
  expect(completion.complete('for @b')).toEqual([['@bob '], '@b'])
  expect(completion.complete('eve')).toEqual([[], 'eve'])
})
