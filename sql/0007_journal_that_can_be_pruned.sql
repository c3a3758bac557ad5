-- Time of the last row. The next row is never older, even when the server's clock is set back: rows in order are in order
-- of time as well, so a time bounds a range of rows, and what is older than a day is a beginning of the chain.
alter table audit_head add column at timestamptz not null default '-infinity';

-- Every filter of `audit show` ends in an index that gives rows in the order of the chain.
drop index audit_by_time;
create index audit_by_time on audit (connection, at, seq);
create index audit_by_stream on audit (connection, stream, seq);

-- One row = a database role that was made for the program to run with. Its rights are renewed by every later migration.
create table database_role (
  name        text primary key,
  granted_at  timestamptz not null default now()
);

-- One row = a set of settings that runs of a connection had, without secrets, under the hash that journal rows carry.
create table settings_version (
  connection     text not null,
  hash           text not null,
  settings       jsonb not null,
  first_seen_at  timestamptz not null default now(),
  primary key (connection, hash)
);

-- Rows leave the journal only as a beginning of the chain that `audit_head` already says is gone.
create or replace function audit_is_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.seq <= (select h.pruned_seq from audit_head h where h.connection = old.connection) then
      return old;
    end if;
  end if;
  raise exception 'audit rows are append-only: % refused', tg_op;
end $$;

-- The end of a chain moves forward only, and only `audit_prune` moves its beginning: an update by hand is refused.
create function audit_head_moves_forward() returns trigger language plpgsql as $$
declare
  callers text;
begin
  if tg_op <> 'UPDATE' then
    raise exception 'the end of a journal is never forgotten: % refused', tg_op;
  end if;
  get diagnostics callers = pg_context;
  if new.connection <> old.connection or new.seq < old.seq or new.at < old.at then
    raise exception 'the end of the journal of % would move back from row % to row %', old.connection, old.seq, new.seq;
  end if;
  if (new.pruned_seq, new.pruned_hash) <> (old.pruned_seq, old.pruned_hash) and callers !~ '(?n)^PL/pgSQL.*\maudit_prune\(' then
    raise exception 'only audit_prune() moves the beginning of the journal';
  end if;
  return new;
end $$;
create trigger audit_head_moves_forward before update on audit_head
  for each row when (old is distinct from new) execute function audit_head_moves_forward();
create trigger audit_head_is_never_deleted before delete or truncate on audit_head
  for each statement execute function audit_head_moves_forward();

-- Removes the rows up to and with `through`, which must carry this hash and be older than `before`, and the history of
-- runs and of settled changes from before then. Of each stream stays what `status` tells: the last run that ended well and
-- all after it. Answers the number of journal rows. Whoever may execute it needs no other right on the journal.
create function audit_prune(of_connection text, through bigint, through_hash text, before timestamptz)
  returns bigint language plpgsql security definer as $$
declare
  pruned bigint;
  removed bigint;
begin
  select h.pruned_seq into pruned from audit_head h where h.connection = of_connection and h.seq >= through for update;
  if pruned is null or through <= pruned then
    raise exception 'row % is not in the journal of %', through, of_connection;
  end if;
  if not exists (select from audit a where a.connection = of_connection and a.seq = through and a.hash = through_hash) then
    raise exception 'row % of the journal of % has another hash', through, of_connection;
  end if;
  if exists (select from audit a where a.connection = of_connection and a.seq <= through and a.at >= before) then
    raise exception 'the journal of % has rows up to % that are not older than %', of_connection, through, before;
  end if;
  update audit_head set pruned_seq = through, pruned_hash = through_hash where connection = of_connection;
  delete from audit a where a.connection = of_connection and a.seq <= through;
  get diagnostics removed = row_count;
  if removed <> through - pruned then
    raise exception 'the journal of % lacks rows up to %', of_connection, through;
  end if;
  delete from intent i where i.connection = of_connection and i.state = 'done' and i.updated_at < before;
  delete from run r where r.connection = of_connection and r.started_at < before
    and exists (select from run later where later.connection = r.connection and later.stream = r.stream
                and later.started_at > r.started_at and later.outcome in ('done', 'partial'));
  return removed;
end $$;
revoke execute on function audit_prune from public;

-- What these functions name is looked for here and nowhere else, whoever calls them.
do $$
begin
  execute format('alter function audit_prune set search_path = %I, pg_temp', current_schema());
  execute format('alter function audit_is_append_only set search_path = %I, pg_temp', current_schema());
  execute format('alter function audit_head_moves_forward set search_path = %I, pg_temp', current_schema());
end $$;
