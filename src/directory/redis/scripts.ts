// What Redis does for the directory, as Lua. Each script is one step: nothing else happens in Redis meanwhile.
//
//     mini-chat:{lobby}:people    hash     born, version; n:FOLD = PLACE TOKEN USERNAME; m:FOLD = muted until;
//                                          closed; slow = seconds; h:FOLD = the version at which that hand went up
//     mini-chat:{s:TOKEN}         hash     json = name, address, identity; moderates; r:ROOM where it may hold its name
//     mini-chat:{a:ROOM EPOCH.ID} string   the author of that message, for as long as it may be changed
//
// A session's key lives until a minute after the last contact. It decides whether the session's names are held: a
// name whose session is gone may be taken by another. `born` is made anew when a room's people were lost.

import { type Script, scriptOf } from '../../stores/redis/scripts.js'

/** How long a room's people are kept without any change: longer than any mute. */
const PEOPLE_MS = 2 * 86_400_000

/** KEYS: people. ARGV: 1 PUBLISH or SPUBLISH, 2 channel, 3 a fresh `born`. */
const CHANGE = `
local PEOPLE = KEYS[1]
local function change()
  redis.call('HSETNX', PEOPLE, 'born', ARGV[3])
  return redis.call('HINCRBY', PEOPLE, 'version', 1)
end
local function tell(version, text)
  local ordered = redis.call('HMGET', PEOPLE, 'closed', 'slow')
  if ordered[1] or ordered[2] then redis.call('PERSIST', PEOPLE)
  else redis.call('PEXPIRE', PEOPLE, ${PEOPLE_MS}) end
  local born = redis.call('HGET', PEOPLE, 'born')
  redis.call(ARGV[1], ARGV[2], born .. ' ' .. string.format('%.0f', version) .. ' ' .. text)
end
`

/**
 * Takes a name. ARGV: … 4 fold, 5 token, 6 username. Returns the place and 1 where it is new, or the token that holds
 * it.
 */
const CLAIM = `
${CHANGE}
local field = 'n:' .. ARGV[4]
local held = redis.call('HGET', PEOPLE, field)
if held then
  local place, token = string.match(held, '^(%d+) (%S+) ')
  if token ~= ARGV[5] then return {token} end
  return {tonumber(place), 0}
end
local version = change()
local member = string.format('%.0f', version) .. ' ' .. ARGV[5] .. ' ' .. ARGV[6]
redis.call('HSET', PEOPLE, field, member)
tell(version, '+ ' .. ARGV[4] .. ' ' .. member)
return {version, 1}
`

/** Gives a name back. ARGV: … 4 fold, 5 token. Returns 1, or 0 where that token does not hold it. */
const RELEASE = `
${CHANGE}
local field = 'n:' .. ARGV[4]
local held = redis.call('HGET', PEOPLE, field)
if not held or string.match(held, '^%d+ (%S+) ') ~= ARGV[5] then return 0 end
redis.call('HDEL', PEOPLE, field, 'h:' .. ARGV[4])
tell(change(), '- ' .. ARGV[4] .. ' ' .. held)
return 1
`

/**
 * Orders something. ARGV: … 4 the field, 5 its value, or nothing to take it back; 6 the time: earlier mutes are over.
 */
const ORDER = `
${CHANGE}
if ARGV[5] == '' then redis.call('HDEL', PEOPLE, ARGV[4]) else redis.call('HSET', PEOPLE, ARGV[4], ARGV[5]) end
local all = redis.call('HGETALL', PEOPLE)
for i = 1, #all, 2 do
  if string.sub(all[i], 1, 2) == 'm:' and tonumber(all[i + 1]) <= tonumber(ARGV[6]) then
    redis.call('HDEL', PEOPLE, all[i])
  end
end
tell(change(), '!')
`

/** Puts a hand up or down. ARGV: … 4 fold, 5 the token that holds the name, or nothing; 6 1 for up. */
const HAND = `
${CHANGE}
local held, field = redis.call('HGET', PEOPLE, 'n:' .. ARGV[4]), 'h:' .. ARGV[4]
if not held or (ARGV[5] ~= '' and string.match(held, '^%d+ (%S+) ') ~= ARGV[5]) then return end
if redis.call('HEXISTS', PEOPLE, field) == (ARGV[6] == '1' and 1 or 0) then return end
local version = change()
if ARGV[6] == '1' then redis.call('HSET', PEOPLE, field, string.format('%.0f', version))
else redis.call('HDEL', PEOPLE, field) end
tell(version, '!')
`

/**
 * Keeps a session. KEYS: its key. ARGV: 1 for at least so many milliseconds, 2 a room to add, or nothing; 3 1 if the
 * other
 * fields are written in any case, and not only where they are gone; then fields and values.
 */
const KEEP = `
local SESSION = KEYS[1]
if ARGV[3] == '1' or redis.call('EXISTS', SESSION) == 0 then redis.call('HSET', SESSION, unpack(ARGV, 4)) end
if ARGV[2] ~= '' then redis.call('HSET', SESSION, 'r:' .. ARGV[2], '1') end
if redis.call('PTTL', SESSION) < tonumber(ARGV[1]) then redis.call('PEXPIRE', SESSION, ARGV[1]) end
`

export const SCRIPTS: Readonly<Record<'claim' | 'release' | 'order' | 'hand' | 'keep', Script>> = {
  claim: scriptOf(CLAIM),
  release: scriptOf(RELEASE),
  order: scriptOf(ORDER),
  hand: scriptOf(HAND),
  keep: scriptOf(KEEP),
}
