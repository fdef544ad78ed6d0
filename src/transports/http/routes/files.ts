// Files that messages carry: POST /files takes one in, GET /files/ID gives it.
//
// What was uploaded is never trusted: its type is what its bytes say, only images are shown, and whatever a browser would
// make of it, it may run nothing and belongs to no site (`sandbox`).

import { requireIdentity } from '../../../core/people/identity.js'
import { ChatError } from '../../../core/errors.js'
import { type Attachment, isFileId, parseFileName } from '../../../core/rooms/file.js'
import type { Shelf } from '../../../files/shelf.js'
import { json } from '../answer.js'
import type { Context, Route } from '../route.js'
import { requireSession } from '../token.js'

/** POST /files?room=R&name=N: the body is the file. Its uploader names it in a message, or it goes after ten minutes. */
export const upload: Route = {
  method: 'POST',
  path: '/files',
  isStreamed: true,
  isServed,
  async handle(request, answer, context) {
    const files = filesOf(context)
    const session = requireSession(request)
    const { query, stream } = request
    const name = parseFileName(query.one('name'))
    const room = await context.chat.knock(session, query.one('room'))
    if (Number(request.header('content-length') ?? 0) > files.eachBytes)
      throw new ChatError('too_large', `the file is too large: at most ${files.eachBytes} bytes`)
    if (stream === undefined) throw new Error('the body was read before')
    answer(json(201, { file: await files.upload(room, name, session.token, stream) }))
  },
}

/** GET /files/ID: for whoever may read the room. */
export const download: Route = {
  method: 'GET',
  path: '/files/{id}',
  isServed,
  async handle(request, answer, context) {
    const files = filesOf(context)
    const id = request.path.slice(request.path.lastIndexOf('/') + 1)
    const found = isFileId(id) ? await files.about(id) : undefined
    if (found === undefined) throw noSuchFile()
    const { file, room } = found
    requireIdentity(request.identity ?? request.session()?.identity, room, context.chat.clock.date())
    const tag = `"${file.id}"`
    const headers = [...headersOf(file), 'ETag', tag]
    if (request.header('if-none-match') === tag) return answer({ status: 304, headers, body: '' })
    const bytes = request.method === 'HEAD' ? NOTHING : await files.read(file)
    if (bytes === undefined) throw noSuchFile()
    answer({
      status: 200,
      headers: [...headers, 'Content-Type', file.type, 'Content-Length', String(file.bytes)],
      body: bytes,
    })
  },
}

const NOTHING = Buffer.alloc(0)

/** What a page may show in its place. Everything else is given as a download. */
const SHOWN = ['image/png', 'image/jpeg', 'image/webp', 'image/gif']

/** A file never changes; who has seen it may keep it for an hour, and no one between. */
function headersOf({ type, name }: Attachment): string[] {
  const how = SHOWN.includes(type) ? 'inline' : 'attachment'
  // RFC 6266 and RFC 8187: the name for old clients, and as it is.
  const plain = name.replace(/[^\w.-]/g, '_')
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)
  return [
    'Cache-Control',
    'private, max-age=3600',
    'Content-Disposition',
    `${how}; filename="${plain}"; filename*=UTF-8''${encoded}`,
    'Content-Security-Policy',
    "sandbox; default-src 'none'",
    'Cross-Origin-Resource-Policy',
    'same-origin',
    'X-Content-Type-Options',
    'nosniff',
  ]
}

function isServed({ files }: Context): boolean {
  return files !== undefined
}

function filesOf({ files }: Context): Shelf {
  if (files !== undefined) return files
  throw new ChatError('not_found', 'this chat carries no files: its server is started without --files DIR')
}

function noSuchFile(): ChatError {
  return new ChatError('not_found', 'there is no such file, or it was removed')
}
