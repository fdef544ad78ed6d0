// The tables, and how they are made. A database keeps the number of the newest migration that was applied. Each
// migration is applied once, by the first process that comes, while the others wait for its lock.
//
//     mini_chat_rooms      a row a room: log, epoch, id and mark of the newest message, first = the oldest id
//     mini_chat_messages   a row a message, by log and id
//     mini_chat_dropped    logs that were cleared, whose last rows are still to be deleted
//     mini_chat_versions   the migrations that were applied
//
// The tables of people are in people-schema.ts.
//
// `log` is a number that no other log has. A room that is cleared gets another one, so that its old messages are out
// of every answer at once, however many there are.
//
// A migration is never changed once it is published. A correction is the next migration.

import { ChatError } from '../../core/errors.js'
import { AMENDED, FILES, ORPHANS } from './amended.js'
import { AUTHORS, HANDS, PEOPLE, SLOW } from './people-schema.js'
import type { Ask } from './rows.js'

/** A message as it was on the wire. `m` is its row and `r` the row of its room. */
const MESSAGE = `json_strip_nulls(json_build_object('id', m.id, 'room', r.room, 'type', m.type,
  'username', m.username, 'text', m.text, 'timestamp', m.said, 'key', m.key, 'of', m.about))`

const TABLES = `
create sequence mini_chat_logs;
create table mini_chat_rooms (
  room text collate "C" primary key,
  log bigint not null default nextval('mini_chat_logs'),
  epoch text not null,
  id bigint not null default 0,
  mark text not null default '',
  first bigint not null default 1
) with (fillfactor = 50);
create table mini_chat_messages (
  log bigint not null,
  id bigint not null,
  mark text not null,
  type text not null,
  username text not null,
  text text not null,
  said bigint not null,
  key text,
  about bigint,
  keyed boolean not null,
  primary key (log, id)
);
create unique index mini_chat_keys on mini_chat_messages (log, username, key) where keyed;
create table mini_chat_dropped (log bigint primary key);
`

/**
 * Adds messages to a room in one step. `items`: the messages, with a mark each; `once`: add only if the key was not
 * used.
 * The row of the room is locked until the step is committed, so ids are dense and in the order of the commits.
 * Answers the epoch, the mark before the first, and for each message its id, or the message that its key was used
 * for.
 */
const APPEND = `
create function mini_chat_append(
  its_room text, fresh text, known_epoch text, known_id bigint, known_mark text, clears boolean, items json
) returns json language plpgsql as $$
declare
  r mini_chat_rooms;
  was mini_chat_rooms;
  i record;
  sent json;
  outcomes json[] := '{}';
begin
  select * into r from mini_chat_rooms where room = its_room for update;
  if not found then
    insert into mini_chat_rooms (room, epoch) values (its_room, fresh) on conflict do nothing;
    select * into r from mini_chat_rooms where room = its_room for update;
  end if;
  was := r;
  if clears and r.id > 0 then
    insert into mini_chat_dropped values (r.log);
    r.log := nextval('mini_chat_logs');
    r.epoch := fresh;
    r.id := 0;
    r.mark := '';
    r.first := 1;
  elsif r.epoch = known_epoch and (r.id < known_id or (r.id = known_id and r.mark <> known_mark)) then
    -- The caller has seen what is not in this log: its newest messages were lost.
    r.epoch := fresh;
  end if;
  was.mark := r.mark;
  for i in select * from json_to_recordset(items)
    as item(mark text, type text, username text, text text, timestamp bigint, key text, "of" bigint, once boolean)
  loop
    sent := null;
    if i.key is not null and i.once then
      select ${MESSAGE} into sent from mini_chat_messages m
        where m.log = r.log and m.username = i.username and m.key = i.key and m.keyed;
    elsif i.key is not null then
      update mini_chat_messages m set keyed = false
        where m.log = r.log and m.username = i.username and m.key = i.key and m.keyed;
    end if;
    if sent is not null then
      outcomes := outcomes || sent;
    else
      r.id := r.id + 1;
      r.mark := i.mark;
      insert into mini_chat_messages (log, id, mark, type, username, text, said, key, about, keyed)
        values (r.log, r.id, i.mark, i.type, i.username, i.text, i.timestamp, i.key, i."of", i.key is not null);
      if i.type = 'delete' and i."of" is not null then
        update mini_chat_messages m set type = 'removed', text = 'removed', about = null
          where m.log = r.log and m.id = i."of" and m.id < r.id;
      end if;
      outcomes := outcomes || to_json(r.id);
    end if;
  end loop;
  if r.id <> was.id or r.epoch <> was.epoch then
    update mini_chat_rooms set log = r.log, epoch = r.epoch, id = r.id, mark = r.mark, first = r.first
      where room = its_room;
  end if;
  return json_build_object('epoch', r.epoch, 'before', was.mark, 'outcomes', outcomes);
end $$;
`

/**
 * Puts messages where they were in another store. Answers the epoch and the id at which the room's log ends, and does
 * nothing where that is not right before the first message.
 */
const RESTORE = `
create function mini_chat_restore(its_room text, its_epoch text, items json)
returns table (epoch text, id bigint) language plpgsql as $$
declare
  r mini_chat_rooms;
  first_id bigint := (items -> 0 ->> 'id')::bigint;
begin
  insert into mini_chat_rooms (room, epoch, first) values (its_room, its_epoch, first_id) on conflict do nothing;
  select * into r from mini_chat_rooms rooms where rooms.room = its_room for update;
  if r.id = 0 then
    update mini_chat_rooms rooms set epoch = its_epoch, first = first_id where rooms.room = its_room;
  elsif r.epoch <> its_epoch or first_id <= r.id then
    return query select r.epoch, r.id;
    return;
  end if;
  insert into mini_chat_messages (log, id, mark, type, username, text, said, key, about, keyed)
    select r.log, item.id, item.mark, item.type, item.username, item.text, item.timestamp, item.key, item."of", false
    from json_to_recordset(items) as item(
      id bigint, mark text, type text, username text, text text, timestamp bigint, key text, "of" bigint);
  -- Of several messages with one key, the newest is the one that answers for it.
  update mini_chat_messages m set keyed = false from json_to_recordset(items) as item(username text, key text)
    where m.log = r.log and m.username = item.username and m.key = item.key and m.keyed;
  update mini_chat_messages m set keyed = true
    from (select max(item.id) as id from json_to_recordset(items) as item(id bigint, username text, key text)
      where item.key is not null group by item.username, item.key) newest
    where m.log = r.log and m.id = newest.id;
  update mini_chat_messages m set type = 'removed', text = 'removed', about = null
    from json_to_recordset(items) as item(id bigint, type text, "of" bigint)
    where item.type = 'delete' and m.log = r.log and m.id = item."of" and m.id < item.id;
  update mini_chat_rooms rooms
    set id = (items -> -1 ->> 'id')::bigint, mark = items -> -1 ->> 'mark' where rooms.room = its_room;
  return query select rooms.epoch, rooms.id from mini_chat_rooms rooms where rooms.room = its_room;
end $$;
`

/**
 * Drops at most so many messages that are older than `since` from the front of a room's log. The rows go once their
 * keys may.
 */
const EXPIRE = `
create function mini_chat_expire(its_room text, since bigint, keys_since bigint, most integer)
returns integer language plpgsql as $$
declare
  r mini_chat_rooms;
  oldest bigint;
  gone integer;
begin
  -- A room that is being written to is left for the next time.
  select * into r from mini_chat_rooms where room = its_room for update skip locked;
  if not found then return 0; end if;
  select coalesce(min(m.id) filter (where m.said >= since), max(m.id) + 1) into oldest
    from (select id, said from mini_chat_messages where log = r.log and id >= r.first order by id limit most) m;
  if oldest > r.first then
    update mini_chat_rooms set first = oldest where room = its_room;
  end if;
  delete from mini_chat_messages where log = r.log and said < keys_since and id in (
    select m.id from mini_chat_messages m where m.log = r.log and m.id < coalesce(oldest, r.first)
    order by m.id limit most);
  get diagnostics gone = row_count;
  return gone;
end $$;
`

const MIGRATIONS = [TABLES + APPEND + RESTORE + EXPIRE, PEOPLE, AMENDED, AUTHORS, ORPHANS, SLOW, HANDS, FILES]

/** One lock for all processes: "mini-chat" as a number. */
const LOCK = '7883953463'

const NEWEST = 'select coalesce(max(version), 0) as version from mini_chat_versions'

/** How long a process waits for another process that makes the tables. */
export const MIGRATION_MS = 60_000

/**
 * Brings the tables up to date. `askSlowly` may wait for a lock. Throws `unavailable` where a newer program made the
 * tables.
 */
export async function migrate(ask: Ask, askSlowly: Ask): Promise<void> {
  const [there] = await ask(`select to_regclass('mini_chat_versions') is not null as there`)
  if (there?.['there'] === true && (await isUpToDate(ask))) return
  await ask('begin')
  try {
    // Other processes wait here until the first one is done, and then find nothing to do.
    await ask(`set local statement_timeout = ${MIGRATION_MS}`)
    await askSlowly(`select pg_advisory_xact_lock(${LOCK})`)
    await ask('create table if not exists mini_chat_versions (version integer primary key)')
    const [row] = await ask(NEWEST)
    for (let version = Number(row?.['version']) + 1; version <= MIGRATIONS.length; version++) {
      await askSlowly(MIGRATIONS[version - 1] ?? '')
      await ask(`insert into mini_chat_versions values (${version})`)
    }
    await askSlowly('commit')
  } catch (error) {
    // If the connection is gone, there is nothing to roll back.
    await ask('rollback').catch(() => undefined)
    throw error
  }
}

async function isUpToDate(ask: Ask): Promise<boolean> {
  const [row] = await ask(NEWEST)
  const version = Number(row?.['version'])
  if (version > MIGRATIONS.length)
    throw new ChatError('unavailable', 'the tables in PostgreSQL were made by a newer mini-chat: update this one')
  return version === MIGRATIONS.length
}
