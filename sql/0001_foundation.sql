-- One row = one pair of a Plex PCN and a Procurify tenant, bound to both hosts at first use so that
-- a wrong setting can never mix two companies. `salt` hides contact data in audit rows.
create table connection (
  name            text primary key check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
  plex_host       text not null,
  plex_pcn        text not null,
  plex_tenant     text,
  procurify_host  text not null,
  requester       text,
  salt            text not null check (length(salt) >= 32),
  created_at      timestamptz not null default now()
);

-- One row = the login of one system, as a JWE that only a master key opens; `fields` names what is inside.
create table credential (
  connection  text not null,
  system      text not null check (system in ('plex', 'procurify')),
  jwe         text not null,
  key_id      text not null,
  fields      text[] not null,
  updated_at  timestamptz not null default now(),
  primary key (connection, system)
);

-- One row = an access token kept between runs, as a JWE; made for the login with this fingerprint.
create table token (
  connection   text not null,
  system       text not null check (system in ('plex', 'procurify')),
  fingerprint  text not null,
  jwe          text not null,
  key_id       text not null,
  expires_at   timestamptz not null,
  primary key (connection, system)
);

-- One row = the calls of one system and login in the last minute (one counter a second), shared by every process.
-- `not_before` is a cool-down nobody may call inside; `timeouts` counts in a row, across passes.
create table budget (
  name           text primary key,
  seconds        bigint[] not null default '{}',
  counts         integer[] not null default '{}',
  learned_limit  integer check (learned_limit > 0),
  learned_at     timestamptz,
  not_before     timestamptz not null default '-infinity',
  reason         text,
  timeouts       integer not null default 0 check (timeouts >= 0),
  check (cardinality(seconds) = cardinality(counts))
);

-- One row = one start of the program that worked on a stream.
create table run (
  id           uuid primary key,
  connection   text not null references connection (name),
  command      text not null,
  stream       text not null,
  actor        jsonb not null,
  started_at   timestamptz not null default now(),
  finished_at  timestamptz,
  outcome      text check (outcome in ('done', 'partial', 'interrupted', 'refused', 'busy', 'stopped', 'failed')),
  exit_code    integer,
  result       jsonb,
  check ((finished_at is null) = (outcome is null)),
  check ((finished_at is null) = (exit_code is null))
);
create index run_latest on run (connection, stream, started_at desc);

-- One row = the right to poll a stream until `expires_at`. `fence` grows with every owner, so a former owner that
-- wakes up is told apart from the present one.
create table lease (
  connection  text not null references connection (name),
  stream      text not null,
  owner       uuid,
  holder      text,
  fence       bigint not null default 0,
  expires_at  timestamptz not null default '-infinity',
  primary key (connection, stream)
);

-- One row = how far a stream was read. `position` is the source's own text, `position_key` the same instant in a
-- form that sorts; `anchors` are the records that carry it and must come back inside the next overlap.
create table watermark (
  connection    text not null references connection (name),
  stream        text not null,
  position      text,
  position_key  text,
  anchors       text[] not null default '{}',
  loaded_at     timestamptz,
  updated_at    timestamptz not null default now(),
  primary key (connection, stream),
  check ((position is null) = (position_key is null))
);

create function watermark_never_back() returns trigger language plpgsql as $$
begin
  if old.position_key is not null and (new.position_key is null or new.position_key < old.position_key) then
    raise exception 'watermark of % would move back from % to %', new.stream, old.position, new.position;
  end if;
  return new;
end $$;
create trigger watermark_never_back before update on watermark for each row execute function watermark_never_back();

-- One row = a record a window touched that is not planned yet. `record` is the row as the window showed it, null when
-- it must be read by id. `first_load` notes do not count towards the safety stop.
create table note (
  connection   text not null references connection (name),
  stream       text not null,
  source_id    text not null,
  source_key   text,
  source_hash  text,
  record       jsonb,
  rejection    text,
  first_load   boolean not null default false,
  revision     bigint generated always as identity,
  noted_at     timestamptz not null default now(),
  primary key (connection, stream, source_id)
);

-- One row = one source record we know, and once paired its target. `wanted` is what we last decided, `sent` what the
-- target last confirmed; `target_key` is the name it is known by there. `version` guards a plan against a rival's.
create table link (
  connection   text not null references connection (name),
  stream       text not null,
  source_id    text not null,
  source_key   text,
  source_hash  text,
  target_id    text,
  target_key   text,
  wanted_hash  text,
  sent         jsonb,
  detail       jsonb,
  skip_code    text,
  scope        text,
  version      integer not null default 1,
  linked_at    timestamptz,
  updated_at   timestamptz not null default now(),
  primary key (connection, stream, source_id),
  check ((target_id is null) = (linked_at is null)),
  check (skip_code is null or target_id is null)
);
create unique index link_one_source_per_target on link (connection, stream, target_id) where target_id is not null;
-- The parts of one record are `<id>/2`, `<id>/3`, ...: they are always read together with it.
create index link_by_record on link (connection, stream, split_part(source_id, '/', 1));
create index link_by_key on link (connection, stream, source_key);

-- One row = one wanted change, stored before it is tried. A record has at most one that is not done.
--   waiting  needs something that should come by itself      pending  due at next_attempt_at
--   sending  a run holds claim_no until claim_expires_at     dead     parked: only a person moves it
-- `unresolved_since` is set while a try may have reached the target without our knowing; only a definite answer
-- clears it. `absent_at` is when a complete look-up first failed to find it.
create table intent (
  id                bigint generated always as identity primary key,
  connection        text not null references connection (name),
  stream            text not null,
  source_id         text not null,
  source_key        text,
  source_hash       text,
  action            text not null check (action in ('create', 'update', 'adopt', 'none')),
  state             text not null check (state in ('waiting', 'pending', 'sending', 'done', 'dead')),
  target_id         text,
  target_key        text,
  draft             jsonb,
  payload           jsonb,
  changes           jsonb not null default '[]',
  record            jsonb,
  wanted_hash       text,
  code              text,
  message           text,
  waits_for         text[],
  attempts          integer not null default 0 check (attempts >= 0),
  next_attempt_at   timestamptz not null default now(),
  claim_no          bigint not null default 0,
  claim_run         uuid,
  claim_expires_at  timestamptz,
  unresolved_since  timestamptz,
  absent_at         timestamptz,
  replay_of         bigint,
  planned_by        uuid not null,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  check ((state = 'sending') = (claim_expires_at is not null)),
  check (state <> 'sending' or unresolved_since is not null),
  check (state not in ('waiting', 'dead') or code is not null),
  check (state <> 'waiting' or unresolved_since is null),
  check (state not in ('pending', 'sending') or (action <> 'none' and draft is not null and wanted_hash is not null)),
  check (state <> 'done' or (draft is null and payload is null and record is null and unresolved_since is null)),
  check (absent_at is null or unresolved_since is not null)
);
create unique index intent_one_open on intent (connection, stream, source_id) where state <> 'done';
create index intent_due on intent (connection, stream, next_attempt_at) where state in ('pending', 'sending');

-- One row = one try of an intent. Started and finished apart: a gap means that a try vanished.
create table attempt (
  intent_id     bigint not null references intent (id) on delete cascade,
  claim_no      bigint not null,
  run_id        uuid not null,
  payload_hash  text not null,
  started_at    timestamptz not null default now(),
  finished_at   timestamptz,
  outcome       text,
  http          jsonb,
  message       text,
  primary key (intent_id, claim_no),
  check ((finished_at is null) = (outcome is null))
);

-- One row = one thing that happened to one record. Append-only; each row carries the hash of the one before it.
create table audit (
  connection   text not null,
  seq          bigint not null,
  at           timestamptz not null,
  run_id       uuid,
  actor        jsonb not null,
  stream       text not null,
  source_id    text,
  source_key   text,
  target_id    text,
  action       text not null check (action in ('create', 'update', 'adopt', 'observe', 'wait', 'park', 'replay',
                                               'supersede', 'accept', 'drop', 'admin')),
  outcome      text not null check (outcome in ('done', 'rejected', 'in_doubt', 'waiting', 'parked')),
  attempt      integer,
  code         text,
  message      text,
  changes      jsonb not null default '[]',
  http         jsonb,
  source_hash  text,
  replay_of    bigint,
  prev_hash    text not null,
  hash         text not null,
  primary key (connection, seq)
);
create index audit_of_record on audit (connection, source_id, seq);
create index audit_of_target on audit (connection, target_id, seq) where target_id is not null;
create index audit_by_outcome on audit (connection, outcome, seq) where outcome <> 'done';
create index audit_by_action on audit (connection, action, seq);
create index audit_of_run on audit (run_id, seq);
create index audit_by_code on audit (connection, code, seq) where code is not null;
create index audit_by_key on audit (connection, source_key, seq);
create index audit_by_time on audit (connection, at);

-- One row = the end of one connection's chain: what the next row continues, and where a pruned chain begins.
create table audit_head (
  connection   text primary key,
  seq          bigint not null default 0,
  hash         text not null default repeat('0', 64),
  pruned_seq   bigint not null default 0,
  pruned_hash  text not null default repeat('0', 64)
);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'audit rows are append-only: % refused', tg_op;
end $$;
create trigger audit_is_append_only before update or delete on audit for each row execute function audit_is_append_only();
create trigger audit_is_never_emptied before truncate on audit for each statement execute function audit_is_append_only();
