// Stands in for Redis where the machine has none: the four commands that lesson 9 uses.
//
//     SET key value NX                        sets it, unless it is set
//     GET key                                 gives it
//     XADD log * json MESSAGE                 adds to the log, and gives the place
//     XREAD BLOCK 0 STREAMS log PLACE         the messages after a place; waits until there is one
//
// It keeps nothing on a disk and checks nothing. It is for a class and for nothing else.

import { createServer } from 'node:net'

const values = new Map()
const log = []
const parked = new Set()

function run([command, key, value, , ...rest], socket) {
  if (command === 'SET') {
    if (values.has(key)) return socket.write('$-1\r\n')
    values.set(key, value)
    return socket.write('+OK\r\n')
  }
  if (command === 'GET') return socket.write(bulk(values.get(key)))
  if (command === 'XREAD') return tell({ socket, since: Number.parseInt(rest.at(-1)) })
  log.push(rest[0])
  socket.write(bulk(`${log.length}-0`))
  for (const reader of parked) tell(reader)
}

function tell(reader) {
  parked.delete(reader)
  const { socket, since } = reader
  if (log.length === since) return parked.add(reader)
  const entries = log.slice(since).map((json, i) => {
    return `*2\r\n${bulk(`${since + i + 1}-0`)}*2\r\n${bulk('json')}${bulk(json)}`
  })
  socket.write(`*1\r\n*2\r\n${bulk('lesson:log')}*${entries.length}\r\n${entries.join('')}`)
}

const bulk = (text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`

const server = createServer((socket) => {
  let bytes = ''
  socket.on('error', () => socket.destroy())
  socket.setEncoding('utf8').on('data', (chunk) => {
    bytes += chunk
    // A command is *2 $3 GET $1 a, with a line end after each.
    const lines = bytes.split('\r\n')
    for (let end; lines.length > (end = 1 + 2 * Number(lines[0].slice(1))) && end > 1;)
      run(
        lines.splice(0, end).filter((_, i) => i > 0 && i % 2 === 0),
        socket,
      )
    bytes = lines.join('\r\n')
  })
})
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening on redis://127.0.0.1:${server.address().port}`)
})
