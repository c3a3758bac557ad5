-- Bills of Procurify are kept as links of the stream `bills`, invoices of Plex as links of `invoices`; what `sent` holds of both is
-- found by partner and folded number (`match_key`): all that may be one document share it.
create index link_by_match_key on link (connection, stream, (sent ->> 'match_key')) where stream in ('invoices', 'bills');

-- Set when Procurify answered that this tenant's API makes no bills: what it answered. Drafts are not tried again until it is cleared.
alter table connection add column bill_drafts_refused text;
