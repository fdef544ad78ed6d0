// What PostgreSQL does for the directory. Each statement is one step, and has a name, so that each connection
// prepares it once. The tables and functions are in stores/postgres/people-schema.ts.

import type { Statement } from '../../stores/postgres/statements.js'

const statement = (name: string, text: string): Statement => ({ name: `mini_chat_people_${name}`, text })

/** How long a room's people are kept without any change: longer than any mute. */
const PEOPLE_DAYS = 2

export const STATEMENTS = {
  channel: statement('channel', `select 'mini_chat_' || md5(current_schema()) as channel`),

  find: statement(
    'session',
    'select facts, moderates, rooms from mini_chat_sessions where token = $1 and until > clock_timestamp()',
  ),

  /**
   * Keeps sessions, and adds rooms to them: a JSON of rows with `token`, `facts`, `moderates`, `rooms` and `ms`. What else
   * was written stays. All processes use one order, so that they never wait for each other in a ring.
   */
  keep: statement(
    'keep',
    `insert into mini_chat_sessions as s (token, facts, moderates, rooms, until)
      select k.token, k.facts, k.moderates, k.rooms, clock_timestamp() + k.ms * interval '1 millisecond'
      from json_to_recordset($1) as k(token text, facts text, moderates boolean, rooms text[], ms float)
      order by k.token
    on conflict (token) do update set until = greatest(s.until, excluded.until),
      rooms = array(select unnest(s.rooms) union select unnest(excluded.rooms))`,
  ),

  /**
   * Like `keep` for one session, and writes it; who was made a moderator stays one. $1 token, $2 facts, $3 moderates,
   * $4 rooms, $5 milliseconds.
   */
  write: statement(
    'write',
    `insert into mini_chat_sessions as s (token, facts, moderates, rooms, until)
      values ($1, $2, $3, $4::text[], clock_timestamp() + $5::float * interval '1 millisecond')
    on conflict (token) do update set facts = excluded.facts, moderates = s.moderates or excluded.moderates,
      rooms = array(select unnest(s.rooms) union select unnest(excluded.rooms)),
      until = greatest(s.until, excluded.until)`,
  ),

  end: statement('end', 'delete from mini_chat_sessions where token = $1'),

  left: statement(
    'left',
    `select token, extract(epoch from until - clock_timestamp()) * 1000 as ms
      from mini_chat_sessions where token = any($1::text[])`,
  ),

  claim: statement('claim', 'select * from mini_chat_claim($1, $2, $3, $4, $5)'),
  release: statement('release', 'select * from mini_chat_release($1, $2, $3)'),
  slow: statement('slow', 'select * from mini_chat_slow($1, $2, $3)'),
  hand: statement('hand', 'select * from mini_chat_hand($1, $2, $3, $4)'),
  order: statement('order', 'select * from mini_chat_order($1, $2, $3, $4, $5, $6)'),

  /** A session does not hold its name in a room any more. */
  forget: statement('forget', 'update mini_chat_sessions set rooms = array_remove(rooms, $2) where token = $1'),

  held: statement('held', 'select fold from mini_chat_names where room = $1 and fold = any($2::text[])'),

  people: statement(
    'all',
    `select p.born, p.version, p.closed, p.slow,
      (select coalesce(json_agg(n), '[]') from mini_chat_names n where n.room = p.room) as names,
      (select coalesce(json_agg(m), '[]') from mini_chat_mutes m where m.room = p.room) as mutes
    from mini_chat_people p where p.room = $1`,
  ),

  versions: statement('versions', 'select room, born, version from mini_chat_people where room = any($1::text[])'),

  notify: statement('notify', 'select pg_notify($1, payload) from unnest($2::text[]) payload'),

  wrote: statement(
    'wrote',
    `insert into mini_chat_authors (place, author, until)
      select place, author, clock_timestamp() + ms * interval '1 millisecond'
      from json_to_recordset($1) as item(place text, author text, ms double precision) on conflict do nothing`,
  ),
  author: statement('author', 'select author from mini_chat_authors where place = $1 and until > clock_timestamp()'),

  /** Deletes authors that cannot change their messages any more. */
  tidyAuthors: statement('tidy_authors', 'delete from mini_chat_authors where until < clock_timestamp()'),

  /** Deletes sessions that were over a minute ago. Rows that are being written to are left for the next time. */
  tidySessions: statement(
    'tidy_sessions',
    `delete from mini_chat_sessions where token in (select token from mini_chat_sessions
      where until < clock_timestamp() - interval '1 minute' limit 1000 for update skip locked)`,
  ),

  /** Deletes rooms without people and without orders that have not changed for long. */
  tidyRooms: statement(
    'tidy_rooms',
    `with gone as (delete from mini_chat_people where room in (select p.room from mini_chat_people p
      where not p.closed and p.slow = 0 and p.changed < clock_timestamp() - interval '${PEOPLE_DAYS} days'
      and not exists (select from mini_chat_names n where n.room = p.room) limit 1000 for update skip locked)
      returning room)
    delete from mini_chat_mutes m using gone where m.room = gone.room`,
  ),
}
