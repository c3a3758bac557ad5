-- One run may work on several streams (align refdata: locations, departments, accounts). It has a row for each, under one id.
alter table run drop constraint run_pkey, add primary key (id, stream);
