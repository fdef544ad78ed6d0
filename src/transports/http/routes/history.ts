// GET /history: pages through a room's past, or with `q` through what was said there with some words.

import { ChatError } from '../../../core/errors.js'
import { parseRoom } from '../../../core/rooms/message.js'
import { openJson } from '../answer.js'
import { clamped, wholeNumber } from '../query.js'
import type { Route } from '../route.js'

const PAGE = { least: 1, most: 500, default: 50 }

export const history: Route = {
  method: 'GET',
  path: '/history',
  async handle(request, answer, { chat, packer }) {
    const { query } = request
    const room = parseRoom(query.one('room'))
    const before = wholeNumber(query, 'before')
    const after = wholeNumber(query, 'after')
    const limit = clamped(query, 'limit', PAGE.least, PAGE.most, PAGE.default)
    const from = wholeNumber(query, 'from')
    if ([before, after, from].filter((bound) => bound !== undefined).length > 1)
      throw new ChatError('bad_request', 'before, after and from exclude each other: give one of them')
    request.session()
    const range = {
      limit,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...(from === undefined ? {} : { from }),
    }
    const q = query.one('q')
    const found = q === undefined ? undefined : await chat.search(room, q, range)
    const { json, epoch, first, last, more } = found ?? (await chat.history(room, range))
    const searched = found === undefined ? '' : `,"searched":${found.searched}`
    const page = `"messages":[${json.join(',')}],"epoch":"${epoch}","first":${first},"last":${last}`
    const body = `{${page},"more":${more}${searched}}`
    const reply = openJson(body)
    await packer.prepare(reply, request)
    answer(packer.reply(reply, request))
  },
}
