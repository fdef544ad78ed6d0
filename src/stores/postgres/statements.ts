// The statements that are used again and again, by name: each connection prepares them once.

import { MESSAGE } from './amended.js'

export type Statement = { readonly name: string; readonly text: string }

const statement = (name: string, text: string): Statement => ({ name: `mini_chat_${name}`, text })

/** $1 room, $2 since when messages are kept. An older message is in no answer, even before its row is gone. */
const ROOM = `with r as (
  select room, log, epoch, id, mark, coalesce((select m.id from mini_chat_messages m
    where m.log = rooms.log and m.id >= rooms.first and m.said >= $2::bigint order by m.id limit 1), id + 1) as first
  from mini_chat_rooms rooms where room = $1::text)`

const LIST = (which: string): string => `(select coalesce(json_agg(page.message order by page.id), '[]')
  from (select m.id, ${MESSAGE} as message from mini_chat_messages m where m.log = r.log and ${which}) page) as messages`

export const STATEMENTS = {
  append: statement('append', 'select mini_chat_append($1, $2, $3, $4, $5, $6, $7) as batch'),

  /** The messages after a place: $3 its epoch, $4 its id; $5: at most so many, the newest. */
  after: statement(
    'after',
    `${ROOM} select r.epoch, r.id, r.mark, r.first,
      (select m.mark from mini_chat_messages m where m.log = r.log and m.id = $4::bigint) as known,
      ${LIST(`m.id between greatest(case when r.epoch = $3::text then $4::bigint + 1 else r.first end,
        r.first, r.id - $5::bigint + 1) and r.id`)} from r`,
  ),

  /** A page of the past: before $3, at most $4. */
  before: statement(
    'before',
    `${ROOM} select r.epoch, r.id, r.mark, r.first,
      ${LIST(`m.id >= r.first and m.id < $3::bigint order by m.id desc limit $4::bigint`)} from r`,
  ),

  /** A page of the past: after $3, at most $4. */
  onward: statement(
    'onward',
    `${ROOM} select r.epoch, r.id, r.mark, r.first,
      ${LIST(`m.id >= r.first and m.id > $3::bigint order by m.id limit $4::bigint`)} from r`,
  ),

  /** A log that is not what the caller knows gets another epoch: $2 the known epoch, $3 the other. */
  renew: statement('renew', 'update mini_chat_rooms set epoch = $3 where room = $1 and epoch = $2'),

  /** A room whose log is gone begins a new one. */
  begin: statement('begin', 'insert into mini_chat_rooms (room, epoch) values ($1, $2) on conflict do nothing'),

  places: statement('places', 'select room, epoch, id, mark from mini_chat_rooms where room = any($1::text[])'),

  rooms: statement(
    'rooms',
    `select r.room from mini_chat_rooms r left join mini_chat_messages m on m.log = r.log and m.id = r.id
      order by m.said desc nulls last limit $1`,
  ),

  notify: statement('notify', 'select pg_notify($1, payload) from unnest($2::text[]) payload'),

  restore: statement('restore', 'select epoch, id from mini_chat_restore($1, $2, $3)'),

  /** Rooms whose oldest message is older than $1. */
  stale: statement(
    'stale',
    `select r.room from mini_chat_rooms r cross join lateral (select m.said from mini_chat_messages m
      where m.log = r.log order by m.id limit 1) oldest where oldest.said < $1 order by random() limit 100`,
  ),

  expire: statement('expire', 'select mini_chat_expire($1, $2, $3, $4) as gone'),

  /** Deletes messages of logs that were cleared, and the logs that have none left. */
  sweep: statement(
    'sweep',
    `with rows as (delete from mini_chat_messages where (log, id) in (select m.log, m.id from mini_chat_dropped d
      join mini_chat_messages m on m.log = d.log limit $1) returning 1) select count(*) as gone from rows`,
  ),
  forget: statement(
    'forget',
    `delete from mini_chat_dropped d where not exists (select from mini_chat_messages m where m.log = d.log)`,
  ),
  settings: statement(
    'settings',
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`,
  ),
}
