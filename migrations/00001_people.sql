-- +goose Up
-- Organisation, people and their sessions.

create extension if not exists postgis;
create extension if not exists pg_trgm;
create extension if not exists btree_gist;

-- The tree province → prefecture → county → squad → team (domain A2).
-- path holds the ids from the root, each followed by a dot ('1.4.9.'), so that "inside this branch" is a prefix test.
create table org (
    id         bigint generated always as identity primary key,
    parent_id  bigint references org,
    level      text not null,
    code       text not null,
    name       text not null,
    path       text not null default '',
    created_at timestamptz not null default now(),
    constraint org_level_known check (level in ('province', 'prefecture', 'county', 'squad', 'team')),
    constraint org_root_is_province check ((parent_id is null) = (level = 'province')),
    constraint org_code_unique unique (code)
);
create index org_path on org (path text_pattern_ops);

-- +goose StatementBegin
create function org_set_path() returns trigger language plpgsql as $$
begin
    if new.parent_id is null then
        new.path := new.id || '.';
    else
        select path || new.id || '.' into strict new.path from org where id = new.parent_id;
    end if;
    return new;
end $$;
-- +goose StatementEnd
create trigger org_path before insert on org for each row execute function org_set_path();

-- A unit is the team and vehicle that goes. In repair is a fact about the vehicle; duty is derived and never stored.
create table unit (
    id                    bigint generated always as identity primary key,
    org_id                bigint not null references org,
    call_sign             text not null,
    kind                  text not null default 'vehicle',
    plate                 text not null default '',
    crew                  smallint not null default 2,
    out_of_service_since  timestamptz,
    out_of_service_reason text not null default '',
    retired_at            timestamptz,
    created_at            timestamptz not null default now(),
    constraint unit_kind_known check (kind in ('vehicle', 'foot')),
    constraint unit_crew_positive check (crew between 1 and 20)
);
create unique index unit_call_sign_unique on unit (call_sign) where retired_at is null;

-- A person who signs in. The role holds in org_id and everything below it.
create table person (
    id            bigint generated always as identity primary key,
    login         text not null,
    name          text not null,
    password_hash text not null,
    role          text not null,
    org_id        bigint not null references org,
    unit_id       bigint references unit,
    must_change   boolean not null default false,
    disabled_at   timestamptz,
    created_at    timestamptz not null default now(),
    constraint person_login_unique unique (login),
    constraint person_role_known check (role in
        ('administrator', 'agent', 'dispatcher', 'leader', 'officer', 'supervisor', 'wall')),
    constraint person_officer_has_unit check (role <> 'officer' or unit_id is not null)
);

-- Written by the session library (scs, pgxstore).
create table sessions (
    token  text primary key,
    data   bytea not null,
    expiry timestamptz not null
);
create index sessions_expiry on sessions (expiry);

-- One row per mutating request that carried an Idempotency-Key, written in the transaction of its effect (domain D3-1).
create table idempotency (
    principal    text not null,
    key          text not null,
    route        text not null,
    request_hash bytea not null,
    status       int not null,
    response     jsonb not null,
    created_at   timestamptz not null default now(),
    constraint idempotency_pkey primary key (principal, key)
);
create index idempotency_created on idempotency (created_at);
