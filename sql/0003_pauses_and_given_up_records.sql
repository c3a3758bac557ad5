-- One row = something a person put on hold: a whole stream (`source_id` empty), or one record of it. Neither planned nor
-- sent until the row is removed; notes and intents stay.
create table pause (
  connection  text not null,
  stream      text not null,
  source_id   text not null default '',
  source_key  text,
  reason      text not null check (reason <> ''),
  paused_by   text not null,
  paused_at   timestamptz not null default now(),
  primary key (connection, stream, source_id)
);

-- Set when a person gave a change up: hash of the record as it was read, or of the draft that was refused. As long as the
-- record comes to the same again, nothing is parked, waited for or sent.
alter table link add column given_up text;
