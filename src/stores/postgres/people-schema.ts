// The tables of people, for chats without Redis. They are unlogged: a write needs no write-ahead log, and after a
// crash of PostgreSQL they are empty. Then each process puts its own people back (src/directory/shared).
//
//     mini_chat_people     a row a room: born, version; closed, slow = seconds between two messages of a name, or 0
//     mini_chat_names      a row a name that is held; hand = the version at which its hand went up
//     mini_chat_mutes      a row a muted name
//     mini_chat_sessions   a row a session: its facts as JSON, the rooms where it may hold its name, until when it lives
//
// `born` is made anew when a room's people were lost. Each change gives a room the next version, under the lock of
// its row.

const TABLES = `
create unlogged table mini_chat_people (
  room text collate "C" primary key,
  born text not null,
  version bigint not null default 0,
  closed boolean not null default false,
  changed timestamptz not null default clock_timestamp()
) with (fillfactor = 50);
create unlogged table mini_chat_names (
  room text collate "C" not null,
  fold text collate "C" not null,
  place bigint not null,
  token text not null,
  username text not null,
  primary key (room, fold)
);
create unlogged table mini_chat_mutes (
  room text collate "C" not null,
  fold text collate "C" not null,
  until bigint not null,
  primary key (room, fold)
);
create unlogged table mini_chat_sessions (
  token text collate "C" primary key,
  facts text not null,
  moderates boolean not null,
  rooms text[] not null,
  until timestamptz not null
) with (fillfactor = 50);
`

/** Locks the row of a room, and makes the row if it is missing. */
const LOCK = `
create function mini_chat_lock_people(its_room text, fresh text) returns void language plpgsql as $$
begin
  perform 1 from mini_chat_people p where p.room = its_room for update;
  if found then return; end if;
  insert into mini_chat_people (room, born) values (its_room, fresh) on conflict do nothing;
  perform 1 from mini_chat_people p where p.room = its_room for update;
end $$;
`

/** A room has changed: its next version. */
const CHANGE = `
create function mini_chat_change_people(its_room text, out born text, out version bigint) language sql as $$
  update mini_chat_people p set version = p.version + 1, changed = clock_timestamp()
    where p.room = its_room returning p.born, p.version;
$$;
`

/** Takes a name. Answers the place and whether the name is new, or the token that holds the name. */
const CLAIM = `
create function mini_chat_claim(its_room text, fresh text, its_fold text, its_token text, its_username text)
returns table (born text, version bigint, place bigint, is_new boolean, held_by text) language plpgsql as $$
declare
  held mini_chat_names;
begin
  perform mini_chat_lock_people(its_room, fresh);
  select * into held from mini_chat_names n where n.room = its_room and n.fold = its_fold;
  if found then
    return query select null::text, null::bigint, held.place, false, held.token;
    return;
  end if;
  select * into born, version from mini_chat_change_people(its_room);
  insert into mini_chat_names values (its_room, its_fold, version, its_token, its_username);
  return query select born, version, version, true, its_token;
end $$;
`

/** Gives a name back. Answers no row where that token does not hold it. */
const RELEASE = `
create function mini_chat_release(its_room text, its_fold text, its_token text)
returns table (born text, version bigint, place bigint, username text) language plpgsql as $$
begin
  perform 1 from mini_chat_people p where p.room = its_room for update;
  delete from mini_chat_names n where n.room = its_room and n.fold = its_fold and n.token = its_token
    returning n.place, n.username into place, username;
  if not found then return; end if;
  select * into born, version from mini_chat_change_people(its_room);
  return next;
end $$;
`

/** Closes or opens a room, or mutes a name until a time, or takes a mute back. Deletes mutes that are over. */
const ORDER = `
create function mini_chat_order(its_room text, fresh text, closes boolean, its_fold text, its_until bigint, now bigint)
returns table (born text, version bigint) language plpgsql as $$
begin
  perform mini_chat_lock_people(its_room, fresh);
  if closes is not null then update mini_chat_people p set closed = closes where p.room = its_room; end if;
  delete from mini_chat_mutes m where m.room = its_room and (m.until <= now or m.fold = its_fold);
  if its_until > 0 then insert into mini_chat_mutes values (its_room, its_fold, its_until); end if;
  return query select * from mini_chat_change_people(its_room);
end $$;
`

export const PEOPLE = TABLES + LOCK + CHANGE + CLAIM + RELEASE + ORDER

/** The authors of messages, for as long as they may change them. `place`: the room, the epoch and the id. */
export const AUTHORS = `
create unlogged table mini_chat_authors (
  place text collate "C" primary key,
  author text not null,
  until timestamptz not null
);
`

/** Slow rooms. */
export const SLOW = `
alter table mini_chat_people add column slow integer not null default 0;
create function mini_chat_slow(its_room text, fresh text, seconds integer)
returns table (born text, version bigint) language plpgsql as $$
begin
  perform mini_chat_lock_people(its_room, fresh);
  update mini_chat_people p set slow = seconds where p.room = its_room;
  return query select * from mini_chat_change_people(its_room);
end $$;
`

/** Hands that are up. No row where nothing changes. */
export const HANDS = `
alter table mini_chat_names add column hand bigint;
create function mini_chat_hand(its_room text, its_fold text, its_token text, is_up boolean)
returns table (born text, version bigint) language plpgsql as $$
begin
  perform 1 from mini_chat_people p where p.room = its_room for update;
  perform 1 from mini_chat_names n where n.room = its_room and n.fold = its_fold
    and (its_token = '' or n.token = its_token) and (n.hand is not null) <> is_up;
  if not found then return; end if;
  select * into born, version from mini_chat_change_people(its_room);
  update mini_chat_names n set hand = case when is_up then version end where n.room = its_room and n.fold = its_fold;
  return next;
end $$;
`
