// Requests that wait on a socket while a room is opened: the store takes its time, and the socket may have closed, or
// gone on, before there is anything to let go.

import { expect, test } from 'vitest'
import { Connection } from '../../../src/transports/http/connection.js'

function createConnection() {
  const connection = new Connection(new Set())
  const seen: string[] = []
  const waiter = (name: string) => ({ letGo: (why: string) => seen.push(`${name} ${why}`) })
  return { connection, seen, waiter }
}

test('who begins to wait on a socket that closed meanwhile is let go at once', () => {
  const { connection, seen, waiter } = createConnection()
  const number = connection.next()
  connection.close()
  connection.hold(waiter('poll'), number)
  expect(seen).toEqual(['poll closed'])
})

test('who begins to wait when the next request is there already is let go at once, and the next one waits', () => {
  const { connection, seen, waiter } = createConnection()
  const [first, second] = [connection.next(), connection.next()]
  connection.hold(waiter('second'), second)
  connection.hold(waiter('first'), first)
  expect(seen).toEqual(['first next'])
  connection.close()
  expect(seen).toEqual(['first next', 'second closed'])
})

test('who has been answered is not let go again', () => {
  const { connection, seen, waiter } = createConnection()
  const number = connection.next()
  connection.hold(waiter('poll'), number)
  connection.release(number)
  connection.next()
  connection.close()
  expect(seen).toEqual([])
})

test('an answer to an earlier request releases nobody else', () => {
  const { connection, seen, waiter } = createConnection()
  const [first, second] = [connection.next(), connection.next()]
  connection.hold(waiter('second'), second)
  connection.release(first)
  connection.letGo('stop')
  connection.letGo('stop')
  expect(seen).toEqual(['second stop'])
})
