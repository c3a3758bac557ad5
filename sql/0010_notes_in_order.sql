-- Notes in the order they are planned: without it each page of a first load would sort all that is left of it.
create index note_in_order on note (connection, stream, revision);
