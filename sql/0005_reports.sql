-- One row = one finished comparison of both systems, exactly as it was told then. Append-only: March is still March in May.
-- `document` is kept as text (json, not jsonb), so that `sha256` can be reckoned from it again.
create table report (
  connection  text not null references connection (name),
  id          uuid not null,
  taken_at    timestamptz not null,
  exit_code   integer not null,
  findings    integer not null check (findings >= 0),
  range       jsonb not null,
  actor       jsonb not null,
  document    json not null,
  sha256      text not null check (length(sha256) = 64),
  primary key (connection, id)
);
create index report_latest on report (connection, taken_at desc);

create function report_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'reports are append-only: % refused', tg_op;
end $$;
create trigger report_is_append_only before update or delete on report for each row execute function report_is_append_only();
create trigger report_is_never_emptied before truncate on report for each statement execute function report_is_append_only();
