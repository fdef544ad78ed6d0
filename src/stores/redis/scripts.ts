// What Redis does for the store, as Lua. Each script is one step: nothing else happens in Redis meanwhile.
//
//     mini-chat:{lobby}:log       stream   ID-MARK, m = the message as JSON
//     mini-chat:{lobby}:meta      hash     epoch, id and mark of the newest message, first = oldest id, born
//     mini-chat:{lobby}:removed   zset     by id: MARK and a changed message as it is now, which replaces the one in the log;
//                                          a deleted one has no text; edit = the id of the newest edit
//     mini-chat:{lobby}:key:…     string   BORN and the message that was sent with this idempotency key
//
// The braces are a hash tag: in a cluster all keys of a room are on one server. `born` is the epoch that the log
// began with. It stays when a log that lost its newest messages gets another epoch, so that its keys still count.

import { createHash } from 'node:crypto'

export type Script = { readonly source: string; readonly sha: string }

/** So many of the newest messages are looked through for an edit whose own message is gone. */
const SOUGHT = 1000

/**
 * Looks for the log, and whether it is the log that the caller knows. KEYS and the first ARGV are the same
 * everywhere.
 */
const BEGIN = `
local LOG, META, CHANGED = KEYS[1], KEYS[2], KEYS[3]
local knownEpoch, knownId, knownMark, fresh = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local expire, publish, channel = ARGV[5], ARGV[6], ARGV[7]
local meta = redis.call('HMGET', META, 'epoch', 'id', 'mark', 'first', 'born')
local epoch, id, mark, first, born = meta[1], tonumber(meta[2]), meta[3], tonumber(meta[4]), meta[5]
-- The stream was evicted or deleted, and what describes it is still here.
if epoch and id >= first and redis.call('EXISTS', LOG, CHANGED) == 0 then epoch = false end

local function begin()
  -- Only where there is something: what is written first is refused when memory is full, and that is the message.
  if redis.call('EXISTS', LOG, CHANGED) > 0 then redis.call('DEL', LOG, CHANGED) end
  epoch, id, mark, first, born = fresh, 0, '', 1, fresh
end

local function save()
  redis.call('HSET', META, 'epoch', epoch, 'id', string.format('%.0f', id), 'mark', mark,
    'first', string.format('%.0f', first), 'born', born)
  if expire ~= '0' then
    for _, key in ipairs({META, LOG, CHANGED}) do redis.call('PEXPIRE', key, expire) end
  elseif redis.call('PERSIST', META) == 1 then
    redis.call('PERSIST', LOG)
    redis.call('PERSIST', CHANGED)
  end
end

local function tell(before, lines)
  redis.call(publish, channel, epoch .. ' ' .. string.format('%.0f', id) .. ' ' .. mark .. ' ' .. before .. lines)
end

-- A message as it is now, and its mark.
local function find(at)
  local changed = redis.call('ZRANGEBYSCORE', CHANGED, at, at)[1]
  if changed then
    local its, json = string.match(changed, '^(%d+)(.*)$')
    return cjson.decode(json), its
  end
  local entry = redis.call('XRANGE', LOG, at, at)[1]
  if entry then return cjson.decode(entry[2][2]), string.match(entry[1], '%-(%d+)$') end
end

local function put(at, message, its)
  redis.call('ZREMRANGEBYSCORE', CHANGED, at, at)
  redis.call('ZADD', CHANGED, at, its .. cjson.encode(message))
  redis.call('XDEL', LOG, at .. '-' .. its)
end

local function takeOut(number)
  local at = string.format('%.0f', number)
  local message, its = find(at)
  if not message then return end
  if message.edit then takeOut(message.edit) end
  message.text, message.edit, message.edited, message.reactions, message.by, message.file = '', nil, nil, nil, nil, nil
  put(at, message, its)
end

-- The message that is changed has left the log, and with it the id of its newest edit: that is looked for.
local function takeOutEdits(change)
  for _, entry in ipairs(redis.call('XREVRANGE', LOG, '+', '-', 'COUNT', ${SOUGHT})) do
    if string.find(entry[2][2], '"type":"edit"', 1, true) then
      local other = cjson.decode(entry[2][2])
      if other.type == 'edit' and other.of == change.of and other.id < change.id then takeOut(other.id) end
    end
  end
end

local function react(message, change)
  local reactions, people, had, left = {}, {}, {}, {}
  for _, name in ipairs(change.by or {change.username}) do people[name] = true end
  for _, reaction in ipairs(message.reactions or {}) do
    if reaction.text == change.text then had = reaction.by else reactions[#reactions + 1] = reaction end
  end
  for _, name in ipairs(had) do
    if not people[name] then left[#left + 1] = name end
  end
  if change.on ~= false then
    for name in pairs(people) do left[#left + 1] = name end
  end
  if #left > 0 then reactions[#reactions + 1] = {text = change.text, by = left} end
  message.reactions = #reactions > 0 and reactions or nil
end

-- What a message makes of the one that it speaks of: see core/rooms/change.ts.
local function apply(change)
  if not change.of or change.of >= change.id then return end
  local at = string.format('%.0f', change.of)
  local message, its = find(at)
  if not message and change.type ~= 'reaction' then return takeOutEdits(change) end
  if change.type == 'delete' then return takeOut(change.of) end
  if not message or message.type ~= 'chat' or message.text == '' then return end
  if change.type == 'edit' then
    if message.edit then takeOut(message.edit) end
    message.text, message.edited, message.edit = change.text, change.timestamp, change.id
  elseif change.type == 'reaction' then react(message, change)
  else return end
  put(at, message, its)
end

-- Has the caller seen what is not in this log? Then its newest messages were lost.
local function isCut()
  if epoch ~= knownEpoch or knownId == 0 then return false end
  if id < knownId then return true end
  if id == knownId then return mark ~= knownMark end
  if knownId < first then return false end
  local at = string.format('%.0f', knownId)
  local entry = redis.call('XRANGE', LOG, at, at)[1]
  if entry then return string.match(entry[1], '%-(%d+)$') ~= knownMark end
  local removed = redis.call('ZRANGEBYSCORE', CHANGED, at, at)[1]
  return not removed or string.match(removed, '^%d+') ~= knownMark
end
`

/**
 * Adds messages. ARGV: … 8 how many are kept, or 0; 9 since when they are kept, or 0; 10 how long keys are kept (ms);
 * 11 `clear`, or nothing; then four for each message: its mark, its JSON behind the id, 1 if it changes another
 * message,
 * and the place of its idempotency key among KEYS: 0 for none, below 0 for a key to remember and not to ask.
 * Returns the epoch, the mark before the first, and for each message its id, or the message that its key was used
 * for.
 */
const APPEND = `
if not epoch or ARGV[11] == 'clear' then begin()
elseif epoch == knownEpoch and (id < knownId or (id == knownId and mark ~= knownMark)) then epoch = fresh end
local before = mark
local answer, lines = {epoch, before}, {''}
for i = 12, #ARGV, 4 do
  local key = tonumber(ARGV[i + 3])
  local sent = key > 0 and redis.call('GET', KEYS[key])
  if sent and string.sub(sent, 1, 8) == born then
    answer[#answer + 1] = string.sub(sent, 9)
  else
    id, mark = id + 1, ARGV[i]
    local at = string.format('%.0f', id)
    local json = '{"id":' .. at .. ',' .. ARGV[i + 1]
    redis.call('XADD', LOG, at .. '-' .. mark, 'm', json)
    if key ~= 0 then redis.call('SET', KEYS[math.abs(key)], born .. json, 'PX', ARGV[10]) end
    if ARGV[i + 2] ~= '' then apply(cjson.decode(json)) end
    answer[#answer + 1] = id
    lines[#lines + 1] = mark .. json
  end
end
local oldest = first
if ARGV[8] ~= '0' then first = math.max(first, id - tonumber(ARGV[8]) + 1)
elseif ARGV[9] ~= '0' then
  -- The oldest of both places, in the order of their ids.
  local kept, changed = redis.call('XRANGE', LOG, '-', '+', 'COUNT', 64),
    redis.call('ZRANGEBYSCORE', CHANGED, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 64)
  local k, c = 1, 1
  while true do
    local inLog = kept[k] and tonumber(string.match(kept[k][1], '^%d+'))
    local inChanged = changed[c] and tonumber(changed[c + 1])
    local at, json
    if inLog and (not inChanged or inLog < inChanged) then at, json, k = inLog, kept[k][2][2], k + 1
    elseif inChanged then at, json, c = inChanged, changed[c], c + 2
    else break end
    if at == id or tonumber(string.match(json, '"timestamp":(%d+)')) >= tonumber(ARGV[9]) then break end
    first = at + 1
  end
end
if first > oldest then
  redis.call('XTRIM', LOG, 'MINID', string.format('%.0f', first))
  redis.call('ZREMRANGEBYSCORE', CHANGED, '-inf', '(' .. string.format('%.0f', first))
end
if #lines > 1 or epoch ~= meta[1] then
  save()
  tell(before, table.concat(lines, '\\n'))
end
return answer
`

const LIST = `
local function list(from, to)
  if from > to then return {epoch, id, mark, first, {}, {}} end
  from, to = string.format('%.0f', from), string.format('%.0f', to)
  return {epoch, id, mark, first, redis.call('XRANGE', LOG, from, to),
    redis.call('ZRANGEBYSCORE', CHANGED, from, to)}
end
`

/**
 * Reads the messages after the place that the caller knows; 8: at most so many, the newest. A log that is not what
 * the caller knows gets another epoch here, and the other processes are told. Returns nothing where there never was a
 * log.
 */
const AFTER = `
${LIST}
if not epoch then
  if knownEpoch == '00000000' then return {} end
  begin()
  save()
  tell('', '')
elseif isCut() then
  epoch = fresh
  save()
  tell(mark, '')
end
local from = epoch == knownEpoch and knownId + 1 or first
return list(math.max(from, first, id - tonumber(ARGV[8]) + 1), id)
`

/** Reads a page of the past. ARGV: … 8 before, 9 after (each may be empty), 10 at most so many. */
const PAGE = `
${LIST}
if not epoch then return {} end
local limit = tonumber(ARGV[10])
if ARGV[9] == '' then
  local to = math.min(tonumber(ARGV[8]) or id + 1, id + 1) - 1
  return list(math.max(first, to - limit + 1), to)
end
local from = math.max(first, tonumber(ARGV[9]) + 1)
return list(from, math.min(id, from + limit - 1))
`

/**
 * Puts messages where they were in another store. ARGV: … 8 the log's epoch, 9 the id of the first; then five for
 * each
 * message: its id, its mark, its JSON, the place of its idempotency key among KEYS or 0, and how long that is kept
 * (ms).
 * Returns the epoch and the id at which the log ends, and does nothing where that is not right before the first
 * message.
 */
const RESTORE = `
if not epoch or id == 0 then
  begin()
  epoch, born, first = ARGV[8], ARGV[8], tonumber(ARGV[9])
elseif epoch ~= ARGV[8] or tonumber(ARGV[9]) <= id then return {epoch, string.format('%.0f', id)} end
for i = 10, #ARGV, 5 do
  local key = tonumber(ARGV[i + 3])
  id, mark = tonumber(ARGV[i]), ARGV[i + 1]
  redis.call('XADD', LOG, ARGV[i] .. '-' .. mark, 'm', ARGV[i + 2])
  if key > 0 then redis.call('SET', KEYS[key], born .. ARGV[i + 2], 'PX', ARGV[i + 4]) end
  apply(cjson.decode(ARGV[i + 2]))
end
save()
return {epoch, string.format('%.0f', id)}
`

export function scriptOf(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

export const SCRIPTS = {
  append: scriptOf(BEGIN + APPEND),
  after: scriptOf(BEGIN + AFTER),
  page: scriptOf(BEGIN + PAGE),
  restore: scriptOf(BEGIN + RESTORE),
}
