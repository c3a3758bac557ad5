-- Questions that would read a whole table once it is large. Every pass asks which skipped records other settings would not skip;
-- every pass over orders asks when the newest link was made.
create index link_skipped on link (connection, stream, scope) where skip_code is not null;
create index link_by_time on link (connection, stream, linked_at) where linked_at is not null;

-- Open work in the order it is claimed: without it each claim would sort all that is pending.
create index intent_in_turn on intent (connection, stream, (unresolved_since is not null), id)
  where state in ('pending', 'sending');

-- What waits is asked for by every pass, too; what is merely pending may be much more.
create index intent_waiting on intent (connection, stream) where state = 'waiting';
