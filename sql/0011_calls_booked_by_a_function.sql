-- Booking calls reads the row, judges it and writes it back, under its lock. As one statement that was a plan of twenty steps, made anew
-- for every booking of every run: it cost more than all else that a short run asks of the database.

-- The limit in force: what a throttle taught, growing back by 5 % for each minute since, up to what is configured.
create function call_limit(b budget, per_minute integer, at timestamptz) returns integer language sql immutable as $$
  select least(per_minute, floor(coalesce(
    b.learned_limit * power(1.05::float8, least(extract(epoch from at - b.learned_at)::float8 / 60, 600)), per_minute)))::integer
$$;

-- Books up to `wanted` calls, no more than a part of what is free: `granted` of them, or none and `wait_ms`. All null = no such budget.
-- The clock is read when the row is locked, so calls are booked in the order and at the time they are granted; a rival waits for the
-- lock and then sees our booking. The booking need not reach the disk before the call is made: should this server crash, a fraction of
-- a second is forgotten.
create function book_calls(of_budget text, per_minute integer, wanted integer,
                           out granted integer, out wait_ms float8, out reason text, out timeouts integer)
language plpgsql as $$
declare
  -- What must hold is the minute that the other side sees. A call is booked before it goes its way, and one that has to connect first
  -- arrives later than those that follow it: so a call counts for one second more than a minute.
  window_sec  constant integer := 61;
  -- Others are to find a budget, too.
  share       constant integer := 64;
  held        budget;
  at          timestamptz;
  this        bigint;
  top         bigint := 0;
  seconds_now bigint[] := '{}';
  counts_now  integer[] := '{}';
  used        integer := 0;
  most        integer;
  n           integer;
begin
  perform set_config('synchronous_commit', 'off', true);
  select * into held from budget where name = of_budget for update;
  if not found then return; end if;
  at := clock_timestamp();
  this := floor(extract(epoch from at));
  timeouts := held.timeouts;
  granted := 0;
  if held.not_before > at then
    reason := held.reason;
    wait_ms := ceil(extract(epoch from held.not_before - at) * 1000);
    return;
  end if;
  -- A bucket is one second wide and counts until all of it is old. Those far ahead of the clock are from before it was set back.
  for i in 1 .. cardinality(held.seconds) loop
    if held.seconds[i] between this - window_sec and this + window_sec then
      top := held.seconds[i];
      seconds_now := seconds_now || top;
      counts_now := counts_now || held.counts[i];
      used := used + held.counts[i];
    end if;
  end loop;
  most := call_limit(held, per_minute, at);
  if used >= most then
    for i in 1 .. cardinality(seconds_now) loop
      used := used - counts_now[i];
      if used < most then
        wait_ms := ceil((seconds_now[i] + window_sec + 1 - extract(epoch from at)) * 1000);
        return;
      end if;
    end loop;
  end if;
  granted := least(wanted, greatest(1, (most - used) / share));
  wait_ms := 0;
  -- The first is made now. The others are made within a fraction of a second: they count as made in the next one.
  if top < this then
    seconds_now := seconds_now || this;
    counts_now := counts_now || 0;
  end if;
  n := cardinality(counts_now);
  counts_now[n] := counts_now[n] + 1;
  if granted > 1 and top > this then
    counts_now[n] := counts_now[n] + granted - 1;
  elsif granted > 1 then
    seconds_now := seconds_now || this + 1;
    counts_now := counts_now || granted - 1;
  end if;
  update budget set seconds = seconds_now, counts = counts_now where name = of_budget;
end
$$;
