// What the servers beside ours are asked with. Ours and the reference speak one protocol. nginx with nchan has its own:
// what is published is what a reader gets, byte for byte, and a reader goes on from two headers of its last answer.
//
//     GET /sub?room=hall, If-Modified-Since, If-None-Match  ──>  200, Last-Modified, Etag, {"username":"s0","text":"1 xxx"}
//
// A reader of Socket.IO has a session, which it opens and brings into the room before it polls. Several packets of one
// answer are parted by U+001E (https://socket.io/docs/v4/engine-io-protocol).
//
//     GET  ?EIO=4&transport=polling           ──>  0{"sid":"abc", …}
//     POST ?…&sid=abc   40                    ──>  ok
//     GET  ?…&sid=abc                         ──>  40{ … }
//     POST ?…&sid=abc   42["join","hall"]     ──>  ok
//     GET  ?…&sid=abc                         ──>  42["message",{"username":"s0","text":"1 xxx"}]

/** A request; `next` is `0` at first, and then what the last answer that has one says. */
export type Asked = (room: string, next: string) => string

export type Dialect = {
  /** What a reader asks, one after the other, before its first poll. */
  readonly opening?: readonly Asked[]
  readonly poll: Asked
  events(room: string): string
  send(room: string, username: string, text: string): string
}

const HOST = 'HTTP/1.1\r\nHost: 127.0.0.1\r\n'
const FIRST = '0'

export const MINI_CHAT: Dialect = {
  poll: (room, next) => `GET /poll?room=${room}&since=${next} ${HOST}\r\n`,
  events: (room) => `GET /events?room=${room}&since=now ${HOST}Accept: text/event-stream\r\n\r\n`,
  send: (room, username, text) => post('/send', `{"room":"${room}","username":"${username}","text":"${text}"}`),
}

export const NCHAN: Dialect = {
  poll(room, next) {
    const [modified = '', tag = ''] = next.split('|')
    const place = next === FIRST ? '' : `If-Modified-Since: ${modified}\r\nIf-None-Match: ${tag}\r\n`
    return `GET /sub?room=${room} ${HOST}${place}\r\n`
  },
  events: (room) => `GET /sub?room=${room} ${HOST}Accept: text/event-stream\r\n\r\n`,
  send: (room, username, text) => post(`/pub?room=${room}`, `{"username":"${username}","text":"${text}"}`),
}

const SOCKET_IO_PATH = '/socket.io/?EIO=4&transport=polling'

export const SOCKET_IO: Dialect = {
  opening: [
    () => `GET ${SOCKET_IO_PATH} ${HOST}\r\n`,
    (_, sid) => post(`${SOCKET_IO_PATH}&sid=${sid}`, '40', 'text/plain'),
    (room, sid) => SOCKET_IO.poll(room, sid),
    (room, sid) => post(`${SOCKET_IO_PATH}&sid=${sid}`, `42["join","${room}"]`, 'text/plain'),
  ],
  poll: (_, sid) => `GET ${SOCKET_IO_PATH}&sid=${sid} ${HOST}\r\n`,
  events: () => {
    throw new Error('Socket.IO has no event streams')
  },
  send: (room, username, text) => MINI_CHAT.send(room, username, text),
}

/** The place that an answer's head tells, where it does. */
export function placeIn(head: string): string {
  const modified = /\r\nlast-modified: *([^\r]+)/i.exec(head)?.[1]
  const tag = /\r\netag: *([^\r]+)/i.exec(head)?.[1]
  return modified === undefined || tag === undefined ? '' : `${modified}|${tag}`
}

function post(path: string, body: string, type = 'application/json'): string {
  return `POST ${path} ${HOST}Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
