// Requests that wait on a socket while a room is opened: the store takes its time, and the socket may have closed, or
// gone on, before there is anything to let go.

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Connection, Connections } from '../../../src/transports/http/connection.js'

function createConnection() {
  const connection = new Connection({ all: new Set(), outstanding: 0 })
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

test('who begins to wait on a socket that was closed before it was known is let go at once', () => {
  const { seen, waiter } = createConnection()
  const connection = new Connections().of(new Socket().destroy())
  connection.hold(waiter('poll'), connection.next())
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

/** Connections of one server, and a way to begin requests on them. */
function createConnections(count: number) {
  const shared = { all: new Set<Connection>(), outstanding: 0 }
  const connections = Array.from({ length: count }, () => new Connection(shared))
  const begin = (connection: Connection | undefined, requests = 1): ServerResponse[] =>
    Array.from({ length: requests }, () => {
      const request = new IncomingMessage(new Socket())
      request.complete = true
      const response = new ServerResponse(request)
      response.shouldKeepAlive = true
      connection?.inTurn(response, () => undefined)
      return response
    })
  return { shared, connections, begin }
}

test('a socket is full with sixteen requests, and with two where thousands of all sockets wait', () => {
  const { connections, begin } = createConnections(258)
  const [last, other] = connections.slice(-2)
  for (const connection of connections.slice(0, -2)) begin(connection, 15)
  expect(connections[0]?.isFull).toBe(false)
  for (const connection of connections.slice(0, -2)) begin(connection)
  expect([connections[0]?.isFull, last?.isFull, other?.isFull]).toEqual([true, false, false])
  begin(last)
  expect(last?.isFull).toBe(false)
  begin(last)
  expect(last?.isFull).toBe(true)
})

test('what is answered and what was owed to a socket that closed waits no more', () => {
  const { shared, connections, begin } = createConnections(3)
  const responses = connections.flatMap((connection) => begin(connection, 5))
  expect(shared.outstanding).toBe(15)
  for (const response of responses.slice(0, 7)) response.emit('close')
  expect(shared.outstanding).toBe(8)
  connections[1]?.close()
  connections[1]?.close()
  expect(shared.outstanding).toBe(5)
  for (const response of responses.slice(7)) response.emit('close')
  begin(connections[1])
  expect([shared.outstanding, shared.all.size]).toEqual([0, 2])
})

test('an idle connection keeps no response that was answered, nor the request in it', async () => {
  const { connections, begin } = createConnections(1)
  const answered = begin(connections[0], 3).map((response) => {
    response.emit('close')
    return new WeakRef(response)
  })
  // What a WeakRef was made for lives until the turn is over.
  await new Promise((resolve) => setImmediate(resolve))
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
  expect(answered.map((one) => one.deref())).toEqual([undefined, undefined, undefined])
  expect(connections[0]?.isFull).toBe(false)
})

test('a socket is handed on when its last request is answered, and not when an earlier one is', () => {
  const { connections, begin } = createConnections(1)
  const [first, last] = begin(connections[0], 2)
  first?.emit('close')
  let isTaken = false
  connections[0]?.takeInTurn(() => (isTaken = true))
  expect(isTaken).toBe(false)
  last?.emit('close')
  expect(isTaken).toBe(true)
})

test('a request that was refused before it broke off has its answer: the socket ends behind it', () => {
  const { connections, begin } = createConnections(1)
  const [response] = begin(connections[0])
  if (response === undefined) expect.unreachable()
  response.req.complete = false
  response.writeHead(413)
  response.destroy()
  response.emit('close')
  connections[0]?.breakInTurn(() => expect.unreachable('answered twice'))
  expect(response.req.socket.writableEnded).toBe(true)
})
