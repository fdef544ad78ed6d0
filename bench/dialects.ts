// What the servers beside ours are asked with. Ours and the reference speak one protocol. nginx with nchan has its own:
// what is published is what a reader gets, byte for byte, and a reader goes on from two headers of its last answer.
//
//     GET /sub?room=hall, If-Modified-Since, If-None-Match  ──>  200, Last-Modified, Etag, {"username":"s0","text":"1 xxx"}

export type Dialect = {
  /** A poll; `next` is `0` at first, and then what `nextOf` found in the last answer. */
  poll(room: string, next: string): string
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

/** The place that an answer's head tells, where it does. */
export function placeIn(head: string): string {
  const modified = /\r\nlast-modified: *([^\r]+)/i.exec(head)?.[1]
  const tag = /\r\netag: *([^\r]+)/i.exec(head)?.[1]
  return modified === undefined || tag === undefined ? '' : `${modified}|${tag}`
}

function post(path: string, body: string): string {
  return `POST ${path} ${HOST}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
