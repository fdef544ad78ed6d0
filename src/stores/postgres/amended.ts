// The third migration: changes to a message (core/rooms/change.ts) are kept in the row of that message.
//
//     12  chat  "hello"  edited 1763…  edit 13  reactions [{"text":"👍","by":["ada"]}]
//     13  edit  "hello"  about 12
//
// `edit` is the id of a message's newest edit, which gives up its text when the next edit comes. `people` and
// `turned_on` are the parts `by` and `on` of a reaction.

/** A message as it is on the wire. `m` is its row and `r` the row of its room; `file`: the part for its file. */
const messageOf = (file: string): string =>
  `json_strip_nulls(json_build_object('id', m.id, 'room', r.room, 'type', m.type,
  'username', m.username, 'text', m.text, ${file}'of', m.about, 'edited', m.edited, 'reactions', m.reactions, 'by', m.people,
  'on', m.turned_on, 'timestamp', m.said, 'key', m.key))`

/** As it is on the wire now. */
export const MESSAGE = messageOf(`'file', m.file, `)

/** `orphans`: what is done for a message that is not there, where something is. */
const change = (create: string, orphans: string, file = ''): string => `
${create} function mini_chat_change(
  its_log bigint, its_id bigint, its_type text, its_about bigint, its_name text, its_text text, its_time bigint,
  its_people json, its_on boolean
) returns void language plpgsql as $$
declare
  before mini_chat_messages;
  names text[];
begin
  if its_about is null or its_type not in ('edit', 'delete', 'reaction') then return; end if;
  select * into before from mini_chat_messages m where m.log = its_log and m.id = its_about and m.id < its_id;
  ${orphans}if not found or (its_type <> 'delete' and before.type <> 'chat') then return; end if;
  if its_type <> 'reaction' then
    update mini_chat_messages m set type = 'removed', text = 'removed', about = null, edited = null, edit = null,${file}
      reactions = null, people = null, turned_on = null
      where m.log = its_log and m.id in (before.edit, case when its_type = 'delete' then its_about end);
  end if;
  if its_type = 'edit' then
    update mini_chat_messages m set text = its_text, edited = its_time, edit = its_id
      where m.log = its_log and m.id = its_about;
  elsif its_type = 'reaction' then
    names := coalesce((select array_agg(one.value) from json_array_elements_text(its_people) one), array[its_name]);
    update mini_chat_messages m set reactions = (
      select json_agg(json_build_object('text', emoji, 'by', people)) from (
        select emoji, json_agg(name) as people from (
          select had.value ->> 'text' as emoji, one.value as name
            from json_array_elements(coalesce(before.reactions, '[]')) had
              cross join json_array_elements_text(had.value -> 'by') one
            where had.value ->> 'text' <> its_text or one.value <> all(names)
          union all
          select its_text, unnest(names) where coalesce(its_on, true)
        ) now group by emoji) each)
      where m.log = its_log and m.id = its_about;
  end if;
end $$;
`

/** What a message's file adds to a function. */
type FilePart = { readonly message: string; readonly item: string; readonly column: string; readonly value: string }

const NO_FILE: FilePart = { message: messageOf(''), item: '', column: '', value: '' }
const FILE: FilePart = { message: MESSAGE, item: ', file json', column: ', file', value: ', i.file' }

/** As in the first migration, with changes and the parts of a reaction. */
const append = ({ message, item, column, value }: FilePart): string => `
create or replace function mini_chat_append(
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
    as item(mark text, type text, username text, text text, timestamp bigint, key text, "of" bigint,
      once boolean, "by" json, "on" boolean${item})
  loop
    sent := null;
    if i.key is not null and i.once then
      select ${message} into sent from mini_chat_messages m
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
      insert into mini_chat_messages (log, id, mark, type, username, text, said, key, about, people, turned_on, keyed${column})
        values (r.log, r.id, i.mark, i.type, i.username, i.text, i.timestamp, i.key, i."of", i."by",
          i."on", i.key is not null${value});
      perform mini_chat_change(r.log, r.id, i.type, i."of", i.username, i.text, i.timestamp, i."by", i."on");
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

/** As in the first migration, with changes and the parts of a reaction. */
const restore = ({ item, column, value }: FilePart): string => `
create or replace function mini_chat_restore(its_room text, its_epoch text, items json)
returns table (epoch text, id bigint) language plpgsql as $$
declare
  r mini_chat_rooms;
  i record;
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
  insert into mini_chat_messages (log, id, mark, type, username, text, said, key, about, people, turned_on, keyed${column})
    select r.log, item.id, item.mark, item.type, item.username, item.text, item.timestamp, item.key, item."of",
      item."by", item."on", false${value.replace('i.', 'item.')}
    from json_to_recordset(items) as item(
      id bigint, mark text, type text, username text, text text, timestamp bigint, key text, "of" bigint,
      "by" json, "on" boolean${item});
  -- Of several messages with one key, the newest is the one that answers for it.
  update mini_chat_messages m set keyed = false from json_to_recordset(items) as item(username text, key text)
    where m.log = r.log and m.username = item.username and m.key = item.key and m.keyed;
  update mini_chat_messages m set keyed = true
    from (select max(item.id) as id from json_to_recordset(items) as item(id bigint, username text, key text)
      where item.key is not null group by item.username, item.key) newest
    where m.log = r.log and m.id = newest.id;
  for i in select * from json_to_recordset(items) as item(id bigint, type text, username text, text text,
    timestamp bigint, "of" bigint, "by" json, "on" boolean) where item."of" is not null order by item.id
  loop
    perform mini_chat_change(r.log, i.id, i.type, i."of", i.username, i.text, i.timestamp, i."by", i."on");
  end loop;
  update mini_chat_rooms rooms
    set id = (items -> -1 ->> 'id')::bigint, mark = items -> -1 ->> 'mark' where rooms.room = its_room;
  return query select rooms.epoch, rooms.id from mini_chat_rooms rooms where rooms.room = its_room;
end $$;
`

export const AMENDED = `
alter table mini_chat_messages add column edited bigint, add column edit bigint, add column reactions json,
  add column people json, add column turned_on boolean;
${change('create', '')}${append(NO_FILE)}${restore(NO_FILE)}`

const ORPHAN = `if not found and its_type <> 'reaction' then
    update mini_chat_messages m set type = 'removed', text = 'removed', about = null
      where m.log = its_log and m.id < its_id and m.id > greatest(its_about, its_id - 1000)
        and m.type = 'edit' and m.about = its_about;
    return;
  end if;
  `

/**
 * The fifth migration: an edit may be kept longer than the message that it changed. Then its row is looked for among the
 * newest thousand when the next change comes, and gives its text up.
 */
export const ORPHANS = change('create or replace', ORPHAN)

/** The eighth migration: what a message says of its file. */
export const FILES = `
alter table mini_chat_messages add column file json;
${change('create or replace', ORPHAN, ' file = null,')}${append(FILE)}${restore(FILE)}`
