-- Today's shape of the database, written by `make schema` from the migrations. Do not edit.

CREATE SCHEMA vault;

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;

CREATE FUNCTION public.device_note_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.changed := pg_current_xact_id();
    return new;
end $$;

CREATE FUNCTION public.device_note_name() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update device set changed = pg_current_xact_id()
     where (id = new.device_id or id = old.device_id) and changed <> pg_current_xact_id();
    return null;
end $$;

CREATE FUNCTION public.device_note_unit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update device set changed = pg_current_xact_id() where unit_id = new.id;
    return null;
end $$;

CREATE FUNCTION public.event_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'the event log is append-only' using errcode = '23514', constraint = 'event_append_only';
end $$;

CREATE FUNCTION public.org_set_path() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if new.parent_id is null then
        new.path := new.id || '.';
    else
        select path || new.id || '.' into strict new.path from org where id = new.parent_id;
    end if;
    return new;
end $$;

CREATE FUNCTION public.retailer_bury() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    insert into retailer_gone (id) select id from gone
    on conflict (id) do update set changed_xid = pg_current_xact_id();
    return null;
end
$$;

CREATE FUNCTION public.retailer_changes(before jsonb, after jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
    select coalesce(jsonb_object_agg(key, jsonb_build_array(b.value, a.value)), '{}')
    from jsonb_each(before) b full join jsonb_each(after) a using (key)
    where b.value is distinct from a.value
$$;

CREATE TABLE public.retailer (
    id bigint NOT NULL,
    licence_no text NOT NULL,
    name text NOT NULL,
    operator text DEFAULT ''::text NOT NULL,
    address text DEFAULT ''::text NOT NULL,
    phone_tail text DEFAULT ''::text NOT NULL,
    business_form text DEFAULT ''::text NOT NULL,
    status text DEFAULT 'valid'::text NOT NULL,
    valid_from date,
    valid_to date,
    division_code text DEFAULT ''::text NOT NULL,
    lon double precision,
    lat double precision,
    geog public.geography(Point,4326) GENERATED ALWAYS AS (
CASE
    WHEN ((lon IS NULL) OR (lat IS NULL)) THEN NULL::public.geography
    ELSE (public.st_setsrid(public.st_makepoint(lon, lat), 4326))::public.geography
END) STORED,
    h3 bigint,
    source_datum text DEFAULT 'WGS84'::text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    gone_on date,
    uscc text DEFAULT ''::text NOT NULL,
    tier text DEFAULT ''::text NOT NULL,
    market_type text DEFAULT ''::text NOT NULL,
    grid_unit text DEFAULT ''::text NOT NULL,
    squad text DEFAULT ''::text NOT NULL,
    market_officer text DEFAULT ''::text NOT NULL,
    customer_manager text DEFAULT ''::text NOT NULL,
    delivery_route text DEFAULT ''::text NOT NULL,
    scope text DEFAULT ''::text NOT NULL,
    supplier text DEFAULT ''::text NOT NULL,
    issuer text DEFAULT ''::text NOT NULL,
    issued_on date,
    school_m double precision,
    risk_score double precision,
    last_inspected_on date,
    replaces text DEFAULT ''::text NOT NULL,
    geo_quality text DEFAULT ''::text NOT NULL,
    geo_verified_on date,
    extra jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT retailer_extra_object CHECK ((jsonb_typeof(extra) = 'object'::text)),
    CONSTRAINT retailer_geo_quality_known CHECK ((geo_quality = ANY (ARRAY[''::text, 'given'::text, 'geocoded'::text, 'centre'::text, 'scene'::text, 'doubtful'::text]))),
    CONSTRAINT retailer_licence_no_form CHECK (((licence_no ~ '^[0-9]{12}$'::text) OR ((source <> ''::text) AND ((char_length(licence_no) >= 1) AND (char_length(licence_no) <= 80))))),
    CONSTRAINT retailer_market_type_known CHECK ((market_type = ANY (ARRAY[''::text, 'urban'::text, 'rural'::text]))),
    CONSTRAINT retailer_point_in_range CHECK ((((lon >= ('-180'::integer)::double precision) AND (lon <= (180)::double precision)) AND ((lat >= ('-90'::integer)::double precision) AND (lat <= (90)::double precision)))),
    CONSTRAINT retailer_point_whole CHECK ((((lon IS NULL) = (lat IS NULL)) AND ((lon IS NULL) = (h3 IS NULL)))),
    CONSTRAINT retailer_school_not_negative CHECK ((school_m >= (0)::double precision)),
    CONSTRAINT retailer_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'valid'::text, 'suspended'::text, 'renewing'::text, 'expired'::text, 'closed'::text, 'cancelled'::text, 'withdrawn'::text, 'recalled'::text, 'revoked'::text])))
);

CREATE FUNCTION public.retailer_facts(r public.retailer) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
    select jsonb_build_object(
        'name', r.name, 'operator', r.operator, 'address', r.address, 'phone', r.phone_tail,
        'business_form', r.business_form, 'status', r.status, 'valid_from', r.valid_from, 'valid_to', r.valid_to,
        'division_code', r.division_code, 'lon', r.lon, 'lat', r.lat, 'geo_quality', r.geo_quality,
        'geo_verified_on', r.geo_verified_on, 'uscc', r.uscc, 'tier', r.tier,
        'market_type', r.market_type, 'grid_unit', r.grid_unit, 'squad', r.squad, 'market_officer', r.market_officer,
        'customer_manager', r.customer_manager, 'delivery_route', r.delivery_route, 'scope', r.scope)
        || jsonb_build_object('supplier', r.supplier,
        'issuer', r.issuer, 'issued_on', r.issued_on, 'school_m', r.school_m, 'risk_score', r.risk_score,
        'last_inspected_on', r.last_inspected_on, 'replaces', r.replaces)
        || coalesce((select jsonb_object_agg('+' || key, value) from jsonb_each(r.extra)), '{}')
$$;

CREATE FUNCTION public.retailer_notify() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('retailer_changed', '');
    return null;
end
$$;

CREATE FUNCTION public.retailer_touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.changed_xid := pg_current_xact_id();
    return new;
end
$$;

CREATE TABLE public.appeal (
    id bigint NOT NULL,
    ticket_id bigint NOT NULL,
    channel text NOT NULL,
    narrative text NOT NULL,
    reporter_mode text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    taken_by bigint NOT NULL,
    CONSTRAINT appeal_channel_known CHECK ((channel = ANY (ARRAY['phone'::text, 'voicemail'::text, 'web'::text, 'wechat'::text, 'letter'::text, 'visit'::text, 'transfer_12345'::text]))),
    CONSTRAINT appeal_reporter_mode_known CHECK ((reporter_mode = ANY (ARRAY['named'::text, 'hidden'::text, 'anonymous'::text])))
);

ALTER TABLE public.appeal ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.appeal_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.area (
    id bigint NOT NULL,
    kind text NOT NULL,
    code text DEFAULT ''::text NOT NULL,
    org_id bigint,
    name text NOT NULL,
    shape public.geometry(MultiPolygon,4326) NOT NULL,
    valid_from date DEFAULT '-infinity'::date NOT NULL,
    valid_to date DEFAULT 'infinity'::date NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT area_division_or_squad CHECK ((((kind = 'division'::text) AND (code ~ '^([0-9]{6}|[0-9]{9})$'::text) AND (org_id IS NULL)) OR ((kind = 'squad'::text) AND (code = ''::text) AND (org_id IS NOT NULL)))),
    CONSTRAINT area_named CHECK ((name <> ''::text)),
    CONSTRAINT area_shape_valid CHECK (public.st_isvalid(shape)),
    CONSTRAINT area_valid_some_day CHECK ((valid_from < valid_to))
);

ALTER TABLE public.area ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.area_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.attachment (
    id bigint NOT NULL,
    ticket_id bigint,
    unit_id bigint NOT NULL,
    device_id bigint NOT NULL,
    media_id bigint NOT NULL,
    type text NOT NULL,
    format text NOT NULL,
    channel smallint NOT NULL,
    cause smallint NOT NULL,
    taken_at timestamp with time zone,
    lon double precision,
    lat double precision,
    received_at timestamp with time zone NOT NULL,
    sha256 bytea NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT attachment_filled CHECK ((length(content) > 0)),
    CONSTRAINT attachment_point_whole CHECK (((lon IS NULL) = (lat IS NULL))),
    CONSTRAINT attachment_type_known CHECK ((type = ANY (ARRAY['image'::text, 'audio'::text, 'video'::text, 'other'::text])))
);

ALTER TABLE public.attachment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.attachment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.basemap (
    only_row boolean DEFAULT true NOT NULL,
    name text NOT NULL,
    approval text DEFAULT ''::text NOT NULL,
    source text NOT NULL,
    fictional boolean NOT NULL,
    west double precision NOT NULL,
    south double precision NOT NULL,
    east double precision NOT NULL,
    north double precision NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT basemap_only_row_check CHECK (only_row)
);

CREATE TABLE public.basemap_coarse (
    id bigint NOT NULL,
    deepest smallint NOT NULL,
    layer text NOT NULL,
    class text NOT NULL,
    name text NOT NULL,
    name_en text NOT NULL,
    min_zoom smallint NOT NULL,
    geom public.geometry(Geometry,3857) NOT NULL,
    CONSTRAINT basemap_coarse_sets CHECK ((deepest = ANY (ARRAY[7, 9, 11])))
);

ALTER TABLE public.basemap_coarse ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.basemap_coarse_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.basemap_feature (
    id bigint NOT NULL,
    layer text NOT NULL,
    class text DEFAULT ''::text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    min_zoom smallint DEFAULT 0 NOT NULL,
    geom public.geometry(Geometry,4326) NOT NULL,
    name_en text DEFAULT ''::text NOT NULL,
    CONSTRAINT basemap_layer_known CHECK ((layer = ANY (ARRAY['land'::text, 'green'::text, 'water'::text, 'building'::text, 'path'::text, 'rail'::text, 'road'::text, 'district'::text, 'place'::text, 'poi'::text])))
);

ALTER TABLE public.basemap_feature ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.basemap_feature_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.delivery (
    id bigint NOT NULL,
    file_name text DEFAULT ''::text NOT NULL,
    sha256 text NOT NULL,
    bytes bigint NOT NULL,
    options jsonb NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    dry_run boolean NOT NULL,
    confirmed boolean DEFAULT false NOT NULL,
    state text DEFAULT 'reading'::text NOT NULL,
    as_of date NOT NULL,
    made_by text DEFAULT ''::text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    last_line integer DEFAULT 0 NOT NULL,
    bytes_read bigint DEFAULT 0 NOT NULL,
    rows integer DEFAULT 0 NOT NULL,
    staged integer DEFAULT 0 NOT NULL,
    parts integer DEFAULT 0 NOT NULL,
    encoding text DEFAULT ''::text NOT NULL,
    headings jsonb DEFAULT '[]'::jsonb NOT NULL,
    columns jsonb DEFAULT '{}'::jsonb NOT NULL,
    report jsonb DEFAULT '{}'::jsonb NOT NULL,
    in_server boolean DEFAULT false NOT NULL,
    confirmed_by text DEFAULT ''::text NOT NULL,
    fault jsonb,
    CONSTRAINT delivery_state_known CHECK ((state = ANY (ARRAY['reading'::text, 'applying'::text, 'held'::text, 'done'::text, 'tried'::text, 'rejected'::text, 'failed'::text])))
);

ALTER TABLE public.delivery ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.delivery_part (
    delivery_id bigint NOT NULL,
    part integer NOT NULL,
    inserted integer NOT NULL,
    returned integer NOT NULL,
    updated integer NOT NULL,
    unchanged integer NOT NULL,
    odd integer NOT NULL
);

CREATE TABLE public.delivery_problem (
    delivery_id bigint NOT NULL,
    line integer NOT NULL,
    refused boolean NOT NULL,
    licence_no text DEFAULT ''::text NOT NULL,
    raw jsonb NOT NULL,
    problems jsonb NOT NULL
);

CREATE TABLE public.device (
    id bigint NOT NULL,
    unit_id bigint NOT NULL,
    label text NOT NULL,
    kind text DEFAULT 'http'::text NOT NULL,
    datum text DEFAULT 'WGS84'::text NOT NULL,
    key_hash bytea NOT NULL,
    person_id bigint,
    disabled_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    clock_ahead_s integer DEFAULT 0 NOT NULL,
    interval_s integer,
    lenient boolean DEFAULT false NOT NULL,
    auth_hash bytea,
    passphrase text,
    terminal text,
    conflict text,
    conflict_at timestamp with time zone,
    changed xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT device_clock_plausible CHECK (((clock_ahead_s >= '-86400'::integer) AND (clock_ahead_s <= 86400))),
    CONSTRAINT device_datum_known CHECK ((datum = ANY (ARRAY['WGS84'::text, 'GCJ02'::text, 'BD09'::text, 'CGCS2000'::text]))),
    CONSTRAINT device_interval_positive CHECK ((interval_s > 0)),
    CONSTRAINT device_kind_known CHECK ((kind = ANY (ARRAY['http'::text, 'phone'::text, 'jt808'::text, 'gt06'::text, 'osmand'::text, 'owntracks'::text, 'traccar'::text])))
);

ALTER TABLE public.device ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.device_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.device_name (
    protocol text NOT NULL,
    ident text NOT NULL,
    device_id bigint NOT NULL,
    CONSTRAINT device_name_filled CHECK (((ident <> ''::text) AND (length(ident) <= 128)))
);

CREATE TABLE public.device_status (
    device_id bigint NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    raw text DEFAULT ''::text NOT NULL,
    refused_at timestamp with time zone,
    refused_reason text,
    refused_detail text,
    clock_offset_s real,
    battery_pct real,
    power_v real,
    signal_pct real,
    satellites real,
    odometer_km double precision,
    stored bigint DEFAULT 0 NOT NULL,
    duplicate bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    datum_warning text,
    datum_checked_at timestamp with time zone,
    protocol text,
    doubted bigint DEFAULT 0 NOT NULL,
    reasons jsonb DEFAULT '{}'::jsonb NOT NULL
);

CREATE TABLE public.dispatch_policy (
    urgency smallint NOT NULL,
    mode text NOT NULL,
    offer_seconds integer NOT NULL,
    max_offers integer NOT NULL,
    eta_cap_min integer NOT NULL,
    border_min integer DEFAULT 5 NOT NULL,
    CONSTRAINT dispatch_policy_border_min_check CHECK (((border_min >= 0) AND (border_min <= 60))),
    CONSTRAINT dispatch_policy_eta_cap_min_check CHECK (((eta_cap_min >= 5) AND (eta_cap_min <= 1440))),
    CONSTRAINT dispatch_policy_max_offers_check CHECK (((max_offers >= 1) AND (max_offers <= 10))),
    CONSTRAINT dispatch_policy_mode_check CHECK ((mode = ANY (ARRAY['suggest'::text, 'auto'::text]))),
    CONSTRAINT dispatch_policy_offer_seconds_check CHECK (((offer_seconds >= 10) AND (offer_seconds <= 3600))),
    CONSTRAINT dispatch_policy_urgency_check CHECK (((urgency >= 1) AND (urgency <= 4)))
);

CREATE TABLE public.event (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    type text NOT NULL,
    actor text NOT NULL,
    ticket_id bigint,
    unit_id bigint,
    body text NOT NULL,
    data jsonb GENERATED ALWAYS AS ((body)::jsonb) STORED,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE public.event_head (
    only_row boolean DEFAULT true NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone,
    hash bytea NOT NULL,
    CONSTRAINT event_head_only_row_check CHECK (only_row)
);

CREATE TABLE public.fence (
    id bigint NOT NULL,
    org_id bigint NOT NULL,
    name text NOT NULL,
    polygon public.geometry(Polygon,4326),
    lon double precision,
    lat double precision,
    radius_m double precision,
    dwell_s integer DEFAULT 0 NOT NULL,
    plain boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT fence_dwell_plausible CHECK (((dwell_s >= 0) AND (dwell_s <= 86400))),
    CONSTRAINT fence_named CHECK ((name <> ''::text)),
    CONSTRAINT fence_polygon_or_circle CHECK (((polygon IS NULL) = ((lon IS NOT NULL) AND (lat IS NOT NULL) AND (radius_m IS NOT NULL)))),
    CONSTRAINT fence_radius_plausible CHECK (((radius_m >= (10)::double precision) AND (radius_m <= (200000)::double precision)))
);

CREATE TABLE public.fence_event (
    id bigint NOT NULL,
    fence_id bigint NOT NULL,
    unit_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    noted_at timestamp with time zone NOT NULL,
    CONSTRAINT fence_event_kind_known CHECK ((kind = ANY (ARRAY['enter'::text, 'exit'::text, 'dwell'::text])))
);

ALTER TABLE public.fence_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.fence_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.fence ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.fence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.fix (
    unit_id bigint NOT NULL,
    device_id bigint NOT NULL,
    fixed_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    accuracy_m real,
    speed_kmh real,
    heading_deg real,
    h3 bigint NOT NULL,
    source text NOT NULL,
    alt_m real,
    ignition boolean,
    engaged boolean,
    doubt text,
    content integer DEFAULT 0 NOT NULL
)
PARTITION BY RANGE (fixed_at);

CREATE TABLE public.fix_default (
    unit_id bigint NOT NULL,
    device_id bigint NOT NULL,
    fixed_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    accuracy_m real,
    speed_kmh real,
    heading_deg real,
    h3 bigint NOT NULL,
    source text NOT NULL,
    alt_m real,
    ignition boolean,
    engaged boolean,
    doubt text,
    content integer DEFAULT 0 NOT NULL
);

CREATE TABLE public.gateway (
    id bigint NOT NULL,
    label text NOT NULL,
    key_hash bytea NOT NULL,
    disabled_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.gateway ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.gateway_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.idempotency (
    principal text NOT NULL,
    key text NOT NULL,
    route text NOT NULL,
    request_hash bytea NOT NULL,
    status integer NOT NULL,
    response jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.import_profile (
    name text NOT NULL,
    spec jsonb NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT import_profile_named CHECK (((char_length(name) >= 1) AND (char_length(name) <= 60)))
);

CREATE TABLE public.offer (
    id bigint NOT NULL,
    ticket_id bigint NOT NULL,
    unit_id bigint NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    mode text NOT NULL,
    offered_by text NOT NULL,
    override text DEFAULT ''::text NOT NULL,
    distance_m double precision NOT NULL,
    eta_s integer NOT NULL,
    eta_basis text NOT NULL,
    ranking jsonb NOT NULL,
    offered_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    answered_at timestamp with time zone,
    answer text DEFAULT ''::text NOT NULL,
    CONSTRAINT offer_answered_once CHECK (((state = 'open'::text) = (answered_at IS NULL))),
    CONSTRAINT offer_expires_later CHECK ((expires_at > offered_at)),
    CONSTRAINT offer_state_known CHECK ((state = ANY (ARRAY['open'::text, 'accepted'::text, 'declined'::text, 'expired'::text, 'withdrawn'::text])))
);

ALTER TABLE public.offer ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.offer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.org (
    id bigint NOT NULL,
    parent_id bigint,
    level text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    path text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT org_level_known CHECK ((level = ANY (ARRAY['province'::text, 'prefecture'::text, 'county'::text, 'squad'::text, 'team'::text]))),
    CONSTRAINT org_root_is_province CHECK (((parent_id IS NULL) = (level = 'province'::text)))
);

ALTER TABLE public.org ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.org_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.person (
    id bigint NOT NULL,
    login text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL,
    org_id bigint NOT NULL,
    unit_id bigint,
    must_change boolean DEFAULT false NOT NULL,
    disabled_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT person_officer_has_unit CHECK (((role <> 'officer'::text) OR (unit_id IS NOT NULL))),
    CONSTRAINT person_role_known CHECK ((role = ANY (ARRAY['administrator'::text, 'agent'::text, 'dispatcher'::text, 'leader'::text, 'officer'::text, 'supervisor'::text, 'wall'::text])))
);

ALTER TABLE public.person ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.person_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.place (
    id bigint NOT NULL,
    name text NOT NULL,
    name_en text DEFAULT ''::text NOT NULL,
    aliases text[] DEFAULT '{}'::text[] NOT NULL,
    kind text NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    source text NOT NULL,
    geog public.geography(Point,4326) GENERATED ALWAYS AS ((public.st_setsrid(public.st_makepoint(lon, lat), 4326))::public.geography) STORED,
    CONSTRAINT place_named CHECK ((name <> ''::text)),
    CONSTRAINT place_point_in_range CHECK ((((lon >= ('-180'::integer)::double precision) AND (lon <= (180)::double precision)) AND ((lat >= ('-90'::integer)::double precision) AND (lat <= (90)::double precision))))
);

CREATE TABLE public.place_check (
    ticket_id bigint NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    question text DEFAULT ''::text NOT NULL,
    settled_at timestamp with time zone,
    outcome text DEFAULT ''::text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    CONSTRAINT place_check_outcome_known CHECK ((outcome = ANY (ARRAY[''::text, 'confirmed'::text, 'corrected'::text, 'unreachable'::text]))),
    CONSTRAINT place_check_settled_whole CHECK (((settled_at IS NULL) = (outcome = ''::text)))
);

ALTER TABLE public.place ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.place_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.proposal (
    ticket_id bigint NOT NULL,
    unit_id bigint,
    ranking jsonb NOT NULL,
    proposed_at timestamp with time zone NOT NULL
);

CREATE TABLE public.refused_fix (
    id bigint NOT NULL,
    device_id bigint,
    unit_id bigint,
    received_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    raw jsonb NOT NULL
);

ALTER TABLE public.refused_fix ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.refused_fix_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.retailer_alias (
    id bigint NOT NULL,
    retailer_id bigint NOT NULL,
    words text NOT NULL,
    ticket_id bigint NOT NULL,
    learned_at timestamp with time zone NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT retailer_alias_sized CHECK (((char_length(words) >= 2) AND (char_length(words) <= 200)))
);

ALTER TABLE public.retailer_alias ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.retailer_alias_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.retailer_gone (
    id bigint NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL
);

CREATE TABLE public.retailer_history (
    id bigint NOT NULL,
    retailer_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    delivery_id bigint,
    made_by text DEFAULT ''::text NOT NULL,
    kind text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    changes jsonb NOT NULL,
    ticket_id bigint,
    CONSTRAINT retailer_history_kind_known CHECK ((kind = ANY (ARRAY['changed'::text, 'returned'::text, 'closed'::text, 'edited'::text])))
);

ALTER TABLE public.retailer_history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.retailer_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.retailer ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.retailer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.road_closure (
    id bigint NOT NULL,
    org_id bigint NOT NULL,
    reason text NOT NULL,
    shape public.geometry(Geometry,4326) NOT NULL,
    from_at timestamp with time zone NOT NULL,
    until_at timestamp with time zone,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    lifted_at timestamp with time zone,
    CONSTRAINT road_closure_in_order CHECK ((until_at > from_at)),
    CONSTRAINT road_closure_line_or_polygon CHECK ((public.geometrytype(shape) = ANY (ARRAY['LINESTRING'::text, 'POLYGON'::text]))),
    CONSTRAINT road_closure_reasoned CHECK ((reason <> ''::text))
);

ALTER TABLE public.road_closure ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.road_closure_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.road_graph (
    only_row boolean DEFAULT true NOT NULL,
    source text NOT NULL,
    nodes integer NOT NULL,
    edges integer NOT NULL,
    built_at timestamp with time zone NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT road_graph_only_row_check CHECK (only_row)
);

CREATE TABLE public.road_graph_part (
    part integer NOT NULL,
    bytes bytea NOT NULL
);

CREATE TABLE public.road_trip (
    sortie_id bigint NOT NULL,
    graph_version bigint NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    road_s double precision,
    took_s double precision NOT NULL,
    arrived_at timestamp with time zone NOT NULL
);

CREATE TABLE public.sessions (
    token text NOT NULL,
    data bytea NOT NULL,
    expiry timestamp with time zone NOT NULL
);

CREATE TABLE public.shift (
    id bigint NOT NULL,
    unit_id bigint NOT NULL,
    span tstzrange NOT NULL,
    CONSTRAINT shift_not_empty CHECK (((NOT isempty(span)) AND (NOT lower_inf(span)) AND (NOT upper_inf(span))))
);

ALTER TABLE public.shift ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.shift_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sortie (
    id bigint NOT NULL,
    ticket_id bigint NOT NULL,
    unit_id bigint NOT NULL,
    offer_id bigint NOT NULL,
    accepted_at timestamp with time zone NOT NULL,
    departed_at timestamp with time zone,
    arrived_at timestamp with time zone,
    ended_at timestamp with time zone,
    outcome text DEFAULT ''::text NOT NULL,
    arrival_distance_m double precision,
    arrival_proposed_at timestamp with time zone,
    arrival_proposed_m double precision,
    CONSTRAINT sortie_outcome_known CHECK ((outcome = ANY (ARRAY[''::text, 'done'::text, 'aborted'::text, 'cancelled'::text]))),
    CONSTRAINT sortie_outcome_with_end CHECK (((ended_at IS NULL) = (outcome = ''::text))),
    CONSTRAINT sortie_times_in_order CHECK (((departed_at >= accepted_at) AND (arrived_at >= departed_at) AND (ended_at >= accepted_at)))
);

ALTER TABLE public.sortie ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sortie_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.spool (
    log_id text NOT NULL,
    "position" bigint NOT NULL,
    drained_at timestamp with time zone NOT NULL
);

CREATE TABLE public.ticket (
    id bigint NOT NULL,
    number text NOT NULL,
    code_hash bytea NOT NULL,
    org_id bigint NOT NULL,
    kind text NOT NULL,
    subtype text NOT NULL,
    urgency smallint NOT NULL,
    urgency_reason text DEFAULT ''::text NOT NULL,
    title text NOT NULL,
    place_text text DEFAULT ''::text NOT NULL,
    retailer_id bigint,
    division text DEFAULT ''::text NOT NULL,
    lon double precision,
    lat double precision,
    geog public.geography(Point,4326) GENERATED ALWAYS AS (
CASE
    WHEN ((lon IS NULL) OR (lat IS NULL)) THEN NULL::public.geography
    ELSE (public.st_setsrid(public.st_makepoint(lon, lat), 4326))::public.geography
END) STORED,
    h3 bigint,
    place_quality text DEFAULT 'none'::text NOT NULL,
    status text DEFAULT 'registered'::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    arrive_by timestamp with time zone,
    due_at timestamp with time zone NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    to_dispatch_at timestamp with time zone,
    first_offer_at timestamp with time zone,
    accepted_at timestamp with time zone,
    en_route_at timestamp with time zone,
    on_scene_at timestamp with time zone,
    scene_done_at timestamp with time zone,
    closed_at timestamp with time zone,
    outcome text DEFAULT ''::text NOT NULL,
    outcome_text text DEFAULT ''::text NOT NULL,
    alarm text DEFAULT ''::text NOT NULL,
    alarm_at timestamp with time zone,
    created_by bigint NOT NULL,
    squad_id bigint,
    CONSTRAINT ticket_closed_has_time CHECK (((status = ANY (ARRAY['closed'::text, 'cancelled'::text])) = (closed_at IS NOT NULL))),
    CONSTRAINT ticket_dispatch_has_point CHECK (((status <> ALL (ARRAY['to_dispatch'::text, 'offered'::text, 'accepted'::text, 'en_route'::text, 'on_scene'::text])) OR (lon IS NOT NULL))),
    CONSTRAINT ticket_kind_known CHECK ((kind = ANY (ARRAY['report'::text, 'complaint'::text, 'enquiry'::text, 'suggestion'::text]))),
    CONSTRAINT ticket_place_quality_known CHECK ((place_quality = ANY (ARRAY['retailer'::text, 'pinned'::text, 'text'::text, 'none'::text]))),
    CONSTRAINT ticket_point_whole CHECK ((((lon IS NULL) = (lat IS NULL)) AND ((lon IS NULL) = (h3 IS NULL)))),
    CONSTRAINT ticket_status_known CHECK ((status = ANY (ARRAY['registered'::text, 'to_dispatch'::text, 'offered'::text, 'accepted'::text, 'en_route'::text, 'on_scene'::text, 'reporting'::text, 'closed'::text, 'cancelled'::text]))),
    CONSTRAINT ticket_urgency_range CHECK (((urgency >= 1) AND (urgency <= 4)))
);

ALTER TABLE public.ticket ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ticket_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.ticket_serial (
    day date NOT NULL,
    last integer NOT NULL
);

CREATE TABLE public.track (
    unit_id bigint NOT NULL,
    hour timestamp with time zone NOT NULL,
    geom public.geometry(LineStringM,4326) NOT NULL,
    fixes integer NOT NULL,
    metres double precision NOT NULL,
    moving_s integer NOT NULL,
    top_kmh real,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    stops double precision[] NOT NULL,
    gaps double precision[] NOT NULL,
    built_at timestamp with time zone NOT NULL
);

CREATE TABLE public.track_due (
    unit_id bigint NOT NULL,
    hour timestamp with time zone NOT NULL
);

CREATE TABLE public.track_progress (
    only_row boolean DEFAULT true NOT NULL,
    hour timestamp with time zone NOT NULL,
    CONSTRAINT track_progress_only_row_check CHECK (only_row)
);

CREATE TABLE public.unit (
    id bigint NOT NULL,
    org_id bigint NOT NULL,
    call_sign text NOT NULL,
    kind text DEFAULT 'vehicle'::text NOT NULL,
    plate text DEFAULT ''::text NOT NULL,
    crew smallint DEFAULT 2 NOT NULL,
    out_of_service_since timestamp with time zone,
    out_of_service_reason text DEFAULT ''::text NOT NULL,
    retired_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT unit_crew_positive CHECK (((crew >= 1) AND (crew <= 20))),
    CONSTRAINT unit_kind_known CHECK ((kind = ANY (ARRAY['vehicle'::text, 'foot'::text])))
);

ALTER TABLE public.unit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.unit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE vault.driver_card (
    id bigint NOT NULL,
    device_id bigint NOT NULL,
    unit_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    inserted boolean NOT NULL,
    result smallint NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    licence text DEFAULT ''::text NOT NULL,
    issuer text DEFAULT ''::text NOT NULL,
    valid_until text DEFAULT ''::text NOT NULL,
    id_card text DEFAULT ''::text NOT NULL,
    received_at timestamp with time zone NOT NULL
);

ALTER TABLE vault.driver_card ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME vault.driver_card_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE vault.reporter (
    appeal_id bigint NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    phone text DEFAULT ''::text NOT NULL,
    note text DEFAULT ''::text NOT NULL
);

CREATE TABLE vault.reveal (
    id bigint NOT NULL,
    appeal_id bigint NOT NULL,
    person_id bigint NOT NULL,
    reason text NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE vault.reveal ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME vault.reveal_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY public.fix ATTACH PARTITION public.fix_default DEFAULT;

ALTER TABLE ONLY public.appeal
    ADD CONSTRAINT appeal_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.area
    ADD CONSTRAINT area_division_once EXCLUDE USING gist (code WITH =, daterange(valid_from, valid_to) WITH &&) WHERE ((kind = 'division'::text));

ALTER TABLE ONLY public.area
    ADD CONSTRAINT area_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_once UNIQUE (device_id, sha256);

ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.basemap_coarse
    ADD CONSTRAINT basemap_coarse_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.basemap_feature
    ADD CONSTRAINT basemap_feature_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.basemap
    ADD CONSTRAINT basemap_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.delivery_part
    ADD CONSTRAINT delivery_part_pkey PRIMARY KEY (delivery_id, part);

ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.delivery_problem
    ADD CONSTRAINT delivery_problem_pkey PRIMARY KEY (delivery_id, line);

ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_key_unique UNIQUE (key_hash);

ALTER TABLE ONLY public.device_name
    ADD CONSTRAINT device_name_pkey PRIMARY KEY (protocol, ident);

ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.device_status
    ADD CONSTRAINT device_status_pkey PRIMARY KEY (device_id);

ALTER TABLE ONLY public.dispatch_policy
    ADD CONSTRAINT dispatch_policy_pkey PRIMARY KEY (urgency);

ALTER TABLE ONLY public.event_head
    ADD CONSTRAINT event_head_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.fence_event
    ADD CONSTRAINT fence_event_once UNIQUE (fence_id, unit_id, at, kind);

ALTER TABLE ONLY public.fence_event
    ADD CONSTRAINT fence_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.fence
    ADD CONSTRAINT fence_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.fix
    ADD CONSTRAINT fix_pkey PRIMARY KEY (unit_id, fixed_at, device_id, content);

ALTER TABLE ONLY public.fix_default
    ADD CONSTRAINT fix_default_pkey PRIMARY KEY (unit_id, fixed_at, device_id, content);

ALTER TABLE ONLY public.gateway
    ADD CONSTRAINT gateway_key_unique UNIQUE (key_hash);

ALTER TABLE ONLY public.gateway
    ADD CONSTRAINT gateway_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (principal, key);

ALTER TABLE ONLY public.import_profile
    ADD CONSTRAINT import_profile_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.offer
    ADD CONSTRAINT offer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.org
    ADD CONSTRAINT org_code_unique UNIQUE (code);

ALTER TABLE ONLY public.org
    ADD CONSTRAINT org_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_login_unique UNIQUE (login);

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.place_check
    ADD CONSTRAINT place_check_pkey PRIMARY KEY (ticket_id);

ALTER TABLE ONLY public.place
    ADD CONSTRAINT place_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.proposal
    ADD CONSTRAINT proposal_pkey PRIMARY KEY (ticket_id);

ALTER TABLE ONLY public.refused_fix
    ADD CONSTRAINT refused_fix_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.retailer_alias
    ADD CONSTRAINT retailer_alias_once UNIQUE (retailer_id, words);

ALTER TABLE ONLY public.retailer_alias
    ADD CONSTRAINT retailer_alias_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.retailer_gone
    ADD CONSTRAINT retailer_gone_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.retailer_history
    ADD CONSTRAINT retailer_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.retailer
    ADD CONSTRAINT retailer_licence_no_unique UNIQUE (licence_no);

ALTER TABLE ONLY public.retailer
    ADD CONSTRAINT retailer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.road_closure
    ADD CONSTRAINT road_closure_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.road_graph_part
    ADD CONSTRAINT road_graph_part_pkey PRIMARY KEY (part);

ALTER TABLE ONLY public.road_graph
    ADD CONSTRAINT road_graph_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.road_trip
    ADD CONSTRAINT road_trip_pkey PRIMARY KEY (sortie_id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (token);

ALTER TABLE ONLY public.shift
    ADD CONSTRAINT shift_no_overlap EXCLUDE USING gist (unit_id WITH =, span WITH &&);

ALTER TABLE ONLY public.shift
    ADD CONSTRAINT shift_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sortie
    ADD CONSTRAINT sortie_one_per_offer UNIQUE (offer_id);

ALTER TABLE ONLY public.sortie
    ADD CONSTRAINT sortie_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.spool
    ADD CONSTRAINT spool_pkey PRIMARY KEY (log_id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_number_unique UNIQUE (number);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ticket_serial
    ADD CONSTRAINT ticket_serial_pkey PRIMARY KEY (day);

ALTER TABLE ONLY public.track
    ADD CONSTRAINT track_pkey PRIMARY KEY (unit_id, hour);

ALTER TABLE ONLY public.track_progress
    ADD CONSTRAINT track_progress_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.unit
    ADD CONSTRAINT unit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY vault.driver_card
    ADD CONSTRAINT driver_card_pkey PRIMARY KEY (id);

ALTER TABLE ONLY vault.reporter
    ADD CONSTRAINT reporter_pkey PRIMARY KEY (appeal_id);

ALTER TABLE ONLY vault.reveal
    ADD CONSTRAINT reveal_pkey PRIMARY KEY (id);

CREATE INDEX appeal_ticket ON public.appeal USING btree (ticket_id);

CREATE INDEX area_org ON public.area USING btree (org_id) WHERE (kind = 'squad'::text);

CREATE INDEX area_shape ON public.area USING gist (shape);

CREATE INDEX attachment_ticket ON public.attachment USING btree (ticket_id, id) WHERE (ticket_id IS NOT NULL);

CREATE INDEX attachment_unit ON public.attachment USING btree (unit_id, id);

CREATE INDEX basemap_coarse_11 ON public.basemap_coarse USING gist (geom) WHERE (deepest = 11);

CREATE INDEX basemap_coarse_7 ON public.basemap_coarse USING gist (geom) WHERE (deepest = 7);

CREATE INDEX basemap_coarse_9 ON public.basemap_coarse USING gist (geom) WHERE (deepest = 9);

CREATE INDEX basemap_feature_12 ON public.basemap_feature USING gist (geom) WHERE (min_zoom <= 12);

CREATE INDEX basemap_feature_geom ON public.basemap_feature USING gist (geom);

CREATE UNIQUE INDEX delivery_one_open ON public.delivery USING btree (sha256, md5((options)::text), dry_run) WHERE (state = ANY (ARRAY['reading'::text, 'applying'::text, 'held'::text]));

CREATE INDEX device_changed ON public.device USING btree (changed);

CREATE INDEX device_name_device ON public.device_name USING btree (device_id);

CREATE UNIQUE INDEX device_one_phone_per_person_and_unit ON public.device USING btree (person_id, unit_id) WHERE (person_id IS NOT NULL);

CREATE INDEX device_unit ON public.device USING btree (unit_id);

CREATE INDEX event_ticket ON public.event USING btree (ticket_id, seq) WHERE (ticket_id IS NOT NULL);

CREATE INDEX fence_event_time ON public.fence_event USING btree (fence_id, at);

CREATE INDEX idempotency_created ON public.idempotency USING btree (created_at);

CREATE INDEX offer_expiry ON public.offer USING btree (expires_at) WHERE (state = 'open'::text);

CREATE UNIQUE INDEX offer_one_open_per_ticket ON public.offer USING btree (ticket_id) WHERE (state = 'open'::text);

CREATE UNIQUE INDEX offer_one_open_per_unit ON public.offer USING btree (unit_id) WHERE (state = 'open'::text);

CREATE INDEX offer_refused ON public.offer USING btree (answered_at) WHERE (state = ANY (ARRAY['declined'::text, 'expired'::text]));

CREATE INDEX offer_ticket ON public.offer USING btree (ticket_id, id);

CREATE INDEX org_path ON public.org USING btree (path text_pattern_ops);

CREATE INDEX place_check_open ON public.place_check USING btree (due_at) WHERE (settled_at IS NULL);

CREATE INDEX place_geog ON public.place USING gist (geog);

CREATE INDEX place_kind ON public.place USING btree (kind);

CREATE INDEX refused_fix_device ON public.refused_fix USING btree (device_id, received_at DESC);

CREATE INDEX retailer_alias_changed ON public.retailer_alias USING btree (changed_xid);

CREATE INDEX retailer_alias_ticket ON public.retailer_alias USING btree (ticket_id);

CREATE INDEX retailer_changed ON public.retailer USING btree (changed_xid);

CREATE INDEX retailer_division ON public.retailer USING btree (division_code text_pattern_ops);

CREATE INDEX retailer_geog ON public.retailer USING gist (geog);

CREATE INDEX retailer_gone_changed ON public.retailer_gone USING btree (changed_xid);

CREATE INDEX retailer_h3 ON public.retailer USING btree (h3);

CREATE INDEX retailer_history_delivery ON public.retailer_history USING btree (delivery_id);

CREATE INDEX retailer_history_retailer ON public.retailer_history USING btree (retailer_id, id);

CREATE INDEX retailer_history_ticket ON public.retailer_history USING btree (ticket_id) WHERE (ticket_id IS NOT NULL);

CREATE INDEX retailer_licence_prefix ON public.retailer USING btree (licence_no text_pattern_ops);

CREATE INDEX retailer_operator ON public.retailer USING btree (operator text_pattern_ops);

CREATE INDEX retailer_source ON public.retailer USING btree (source) WHERE (source <> ''::text);

CREATE INDEX road_closure_time ON public.road_closure USING btree (from_at) WHERE (lifted_at IS NULL);

CREATE INDEX road_trip_time ON public.road_trip USING btree (arrived_at);

CREATE INDEX sessions_expiry ON public.sessions USING btree (expiry);

CREATE INDEX sortie_accepted ON public.sortie USING btree (accepted_at);

CREATE INDEX sortie_arrived ON public.sortie USING btree (arrived_at) WHERE (arrived_at IS NOT NULL);

CREATE UNIQUE INDEX sortie_one_active_per_ticket ON public.sortie USING btree (ticket_id) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX sortie_one_active_per_unit ON public.sortie USING btree (unit_id) WHERE (ended_at IS NULL);

CREATE INDEX sortie_ticket ON public.sortie USING btree (ticket_id, id);

CREATE INDEX ticket_open ON public.ticket USING btree (org_id, status) WHERE (closed_at IS NULL);

CREATE INDEX ticket_registered ON public.ticket USING btree (registered_at DESC);

CREATE INDEX ticket_retailer ON public.ticket USING btree (retailer_id, registered_at DESC);

CREATE INDEX track_due_hour ON public.track_due USING btree (hour, unit_id);

CREATE INDEX track_hour ON public.track USING brin (hour);

CREATE UNIQUE INDEX unit_call_sign_unique ON public.unit USING btree (call_sign) WHERE (retired_at IS NULL);

CREATE INDEX unit_org ON public.unit USING btree (org_id) WHERE (retired_at IS NULL);

CREATE INDEX unit_out_of_use ON public.unit USING btree (id) WHERE (retired_at IS NOT NULL);

ALTER INDEX public.fix_pkey ATTACH PARTITION public.fix_default_pkey;

CREATE TRIGGER device_changed BEFORE INSERT OR UPDATE ON public.device FOR EACH ROW EXECUTE FUNCTION public.device_note_change();

CREATE TRIGGER device_name_changed AFTER INSERT OR DELETE OR UPDATE ON public.device_name FOR EACH ROW EXECUTE FUNCTION public.device_note_name();

CREATE TRIGGER event_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.event FOR EACH STATEMENT EXECUTE FUNCTION public.event_refuse_change();

CREATE TRIGGER org_path BEFORE INSERT ON public.org FOR EACH ROW EXECUTE FUNCTION public.org_set_path();

CREATE TRIGGER retailer_alias_changed AFTER INSERT OR UPDATE ON public.retailer_alias FOR EACH STATEMENT EXECUTE FUNCTION public.retailer_notify();

CREATE TRIGGER retailer_alias_touched BEFORE UPDATE ON public.retailer_alias FOR EACH ROW EXECUTE FUNCTION public.retailer_touch();

CREATE TRIGGER retailer_buried AFTER DELETE ON public.retailer REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.retailer_bury();

CREATE TRIGGER retailer_changed AFTER INSERT OR DELETE OR UPDATE ON public.retailer FOR EACH STATEMENT EXECUTE FUNCTION public.retailer_notify();

CREATE TRIGGER retailer_touched BEFORE UPDATE ON public.retailer FOR EACH ROW EXECUTE FUNCTION public.retailer_touch();

CREATE TRIGGER unit_retired AFTER UPDATE OF retired_at ON public.unit FOR EACH ROW EXECUTE FUNCTION public.device_note_unit();

ALTER TABLE ONLY public.appeal
    ADD CONSTRAINT appeal_taken_by_fkey FOREIGN KEY (taken_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.appeal
    ADD CONSTRAINT appeal_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.area
    ADD CONSTRAINT area_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_device_id_fkey FOREIGN KEY (device_id) REFERENCES public.device(id);

ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES public.unit(id);

ALTER TABLE ONLY public.delivery_part
    ADD CONSTRAINT delivery_part_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES public.delivery(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.delivery_problem
    ADD CONSTRAINT delivery_problem_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES public.delivery(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.device_name
    ADD CONSTRAINT device_name_device_id_fkey FOREIGN KEY (device_id) REFERENCES public.device(id);

ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.device_status
    ADD CONSTRAINT device_status_device_id_fkey FOREIGN KEY (device_id) REFERENCES public.device(id);

ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES public.unit(id);

ALTER TABLE ONLY public.fence_event
    ADD CONSTRAINT fence_event_fence_id_fkey FOREIGN KEY (fence_id) REFERENCES public.fence(id);

ALTER TABLE ONLY public.fence_event
    ADD CONSTRAINT fence_event_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES public.unit(id);

ALTER TABLE ONLY public.fence
    ADD CONSTRAINT fence_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.offer
    ADD CONSTRAINT offer_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.offer
    ADD CONSTRAINT offer_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES public.unit(id);

ALTER TABLE ONLY public.org
    ADD CONSTRAINT org_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES public.unit(id);

ALTER TABLE ONLY public.place_check
    ADD CONSTRAINT place_check_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.proposal
    ADD CONSTRAINT proposal_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.proposal
    ADD CONSTRAINT proposal_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES public.unit(id);

ALTER TABLE ONLY public.retailer_alias
    ADD CONSTRAINT retailer_alias_retailer_id_fkey FOREIGN KEY (retailer_id) REFERENCES public.retailer(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.retailer_alias
    ADD CONSTRAINT retailer_alias_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.retailer_history
    ADD CONSTRAINT retailer_history_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES public.delivery(id);

ALTER TABLE ONLY public.retailer_history
    ADD CONSTRAINT retailer_history_retailer_id_fkey FOREIGN KEY (retailer_id) REFERENCES public.retailer(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.retailer_history
    ADD CONSTRAINT retailer_history_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.road_closure
    ADD CONSTRAINT road_closure_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.road_trip
    ADD CONSTRAINT road_trip_sortie_id_fkey FOREIGN KEY (sortie_id) REFERENCES public.sortie(id);

ALTER TABLE ONLY public.shift
    ADD CONSTRAINT shift_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES public.unit(id);

ALTER TABLE ONLY public.sortie
    ADD CONSTRAINT sortie_offer_id_fkey FOREIGN KEY (offer_id) REFERENCES public.offer(id);

ALTER TABLE ONLY public.sortie
    ADD CONSTRAINT sortie_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.sortie
    ADD CONSTRAINT sortie_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES public.unit(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_retailer_id_fkey FOREIGN KEY (retailer_id) REFERENCES public.retailer(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_squad_id_fkey FOREIGN KEY (squad_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.unit
    ADD CONSTRAINT unit_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY vault.driver_card
    ADD CONSTRAINT driver_card_device_id_fkey FOREIGN KEY (device_id) REFERENCES public.device(id);

ALTER TABLE ONLY vault.driver_card
    ADD CONSTRAINT driver_card_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES public.unit(id);

ALTER TABLE ONLY vault.reporter
    ADD CONSTRAINT reporter_appeal_id_fkey FOREIGN KEY (appeal_id) REFERENCES public.appeal(id);

ALTER TABLE ONLY vault.reveal
    ADD CONSTRAINT reveal_appeal_id_fkey FOREIGN KEY (appeal_id) REFERENCES public.appeal(id);

ALTER TABLE ONLY vault.reveal
    ADD CONSTRAINT reveal_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);
