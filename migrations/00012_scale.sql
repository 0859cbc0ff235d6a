-- +goose Up
-- What is read for one county must not cost the whole country.

create index unit_org on unit (org_id) where retired_at is null;
create index unit_out_of_use on unit (id) where retired_at is not null;
create index offer_refused on offer (answered_at) where state in ('declined', 'expired');
create index sortie_accepted on sortie (accepted_at);
create index sortie_arrived on sortie (arrived_at) where arrived_at is not null;

