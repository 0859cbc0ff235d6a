/**
 * The shapes the server speaks (JSON, snake_case). Times are RFC 3339 UTC strings; points are `lon`, `lat` in
 * WGS-84 degrees; `_m` is metres, `_s` seconds. A field that is null or missing is unknown, never zero.
 */

export type Role = 'administrator' | 'agent' | 'dispatcher' | 'leader' | 'officer' | 'supervisor' | 'wall'

export interface Me {
  id: number
  login: string
  name: string
  role: Role
  org: { id: number; name: string; level: string; code: string }
  unit: { id: number; call_sign: string } | null
  /** True when the password was set by someone else: nothing else works until it is changed. */
  must_change: boolean
  locale_hint?: string
  server_time: string
}

export interface Basemap {
  name: string
  approval: string
  source: string
  fictional: boolean
  bounds: [west: number, south: number, east: number, north: number]
  version: number
}

export interface Named {
  code: string
  zh: string
  en: string
}

export interface Subtype extends Named {
  kind: TicketKind
  urgency: Urgency
  field_visit: boolean
}

export type Need = 'reason' | 'outcome' | 'outcome_text' | 'unit_id'

export interface Transition {
  action: string
  from: TicketStatus[]
  to: TicketStatus | ''
  roles: (Role | 'engine')[]
  needs: Need[]
  /** Only for tickets of these kinds; empty = all. */
  kinds: TicketKind[]
  /** Only for subtypes whose field_visit is false. */
  no_visit: boolean
}

export interface Config {
  product: string
  title: string
  org_name: string
  version: string
  demo: boolean
  server_time: string
  time_zone: string
  basemap: Basemap | null
  tiles: string
  urgencies: { urgency: Urgency; arrive_min: number; offer_seconds: number }[]
  subtypes: Subtype[]
  transitions: Transition[]
  outcomes: Named[]
  decline_reasons: Named[]
  channels: string[]
  public_map: boolean
}

export type Duty = 'off_shift' | 'no_signal' | 'in_repair' | 'available' | 'offered' | 'committed'
export type SortieStatus = '' | 'accepted' | 'en_route' | 'on_scene'
export type Freshness = 'live' | 'recent' | 'stale' | 'lost' | 'none'

export interface UnitView {
  id: number
  call_sign: string
  kind: string
  plate: string
  crew: number
  org_id: number
  squad: string
  duty: Duty
  sortie_status: SortieStatus
  ticket_id: number | null
  offer_ticket_id: number | null
  in_repair_reason: string
  lon?: number | null
  lat?: number | null
  heading_deg?: number | null
  speed_kmh?: number | null
  fixed_at?: string | null
  freshness: Freshness
}

export type Urgency = 1 | 2 | 3 | 4
export type TicketKind = 'report' | 'complaint' | 'enquiry' | 'suggestion'
export type TicketStatus =
  | 'registered'
  | 'to_dispatch'
  | 'offered'
  | 'accepted'
  | 'en_route'
  | 'on_scene'
  | 'reporting'
  | 'closed'
  | 'cancelled'

export interface TicketOffer {
  id: number
  unit_id: number
  call_sign: string
  expires_at: string
  offered_at: string
  distance_m: number | null
  eta_s: number | null
  mode: string
}

export interface TicketUnit {
  id: number
  call_sign: string
  squad: string
  /** Metres along the way as estimated; see eta_basis. */
  distance_m: number | null
  eta_s: number | null
  eta_basis: string
  eta_at: string | null
}

export interface TicketView {
  id: number
  number: string
  version: number
  status: TicketStatus
  kind: TicketKind
  subtype: string
  title: string
  urgency: Urgency
  urgency_reason?: string
  place_text: string
  place_quality: string
  division: string
  retailer: { licence_no: string; name: string; address: string; status: string } | null
  lon: number | null
  lat: number | null
  registered_at: string
  to_dispatch_at: string | null
  accepted_at: string | null
  en_route_at: string | null
  on_scene_at: string | null
  scene_done_at: string | null
  closed_at: string | null
  arrive_by: string | null
  due_at: string | null
  outcome?: string
  /** Why the ticket needs a person; empty = it does not. */
  alarm: string
  offer: TicketOffer | null
  unit: TicketUnit | null
  squad: string
  tried: number
  /** What the signed-in person may do now; absent in the live stream (the board store then keeps it empty). */
  actions: string[]
}

export interface OfferView {
  id: number
  unit_id: number
  call_sign: string
  status: 'open' | 'accepted' | 'declined' | 'expired' | 'withdrawn'
  mode: 'manual' | 'auto'
  offered_at: string
  expires_at: string
  answered_at: string | null
  distance_m: number
  eta_s: number
  /** Why it was declined or ran out; empty otherwise. */
  reason_code: string
  /** Why another unit than the best was asked; empty otherwise. */
  override_reason: string
}

export interface SortieView {
  id: number
  unit_id: number
  call_sign: string
  status: 'accepted' | 'en_route' | 'on_scene' | 'done' | 'aborted' | 'cancelled'
  accepted_at: string
  departed_at: string | null
  arrived_at: string | null
  finished_at: string | null
  /** How far the unit was from the case when it said it had arrived. */
  arrival_distance_m: number | null
}

export interface AppealView {
  id: number
  channel: string
  reporter_mode: 'named' | 'hidden' | 'anonymous'
  narrative: string
  received_at: string
}

/** The engine's last ranking for a ticket that waits for a person's decision; unit_id null = nobody was fit. */
export interface ProposalView {
  unit_id: number | null
  proposed_at: string
  ranking: Candidate[]
}

export interface TicketDetail extends TicketView {
  /** The words of the first appeal. */
  narrative: string
  /** What those on scene, or who answered, wrote about it; empty until then. */
  outcome_text: string
  appeals: AppealView[]
  offers: OfferView[]
  sorties: SortieView[]
  events: EventView[]
  proposal: ProposalView | null
}

export interface EventView {
  seq: number
  at: string
  type: string
  actor: string
  /** The person's name; empty for the engine, for people of other counties, and once the name was erased. */
  actor_name: string
  /** Missing when the fact concerns no ticket. */
  ticket_id?: number
  unit_id?: number
  data: Record<string, unknown>
}

export interface Candidate {
  unit_id: number
  call_sign: string
  squad: string
  /** 1 is best; 0 means not eligible. */
  rank: number
  eligible: boolean
  reason: string
  params: Record<string, string | number>
  distance_m: number | null
  eta_s: number | null
  eta_basis: string
  score_min: number | null
  freshness: Freshness
  fixed_at: string | null
  load: number
  lon: number | null
  lat: number | null
  terms: { eta: number; border: number; decline: number; age: number } | null
}

export interface CandidateList {
  ranked_at: string
  eta_basis: string
  candidates: Candidate[]
}

export interface Retailer {
  id: number
  licence_no: string
  name: string
  operator: string
  address: string
  phone_tail: string
  business_form: string
  status: string
  valid_to: string | null
  lon: number | null
  lat: number | null
  division_code: string
  match: 'name' | 'pinyin' | 'initials' | 'address' | 'licence_no' | 'operator' | 'near'
  score: number
  distance_m?: number | null
  open_tickets: number
  tickets_year: number
}

export interface NewTicket {
  channel: string
  kind: TicketKind
  subtype: string
  narrative: string
  place_text?: string
  retailer_licence_no?: string
  lon?: number
  lat?: number
  urgency?: Urgency
  urgency_reason?: string
  reporter: { mode: 'named' | 'hidden' | 'anonymous'; name?: string; phone?: string; note?: string }
}

export interface OfferCard {
  id: number
  expires_at: string
  offered_at: string
  distance_m: number | null
  eta_s: number | null
  ticket: TicketView
  narrative: string
  reporter_mode: string
  reports_year: number
}

export interface SortieCard {
  /** 0: a sortie is known by its ticket; its status is ticket.status. */
  id: number
  distance_m: number | null
  eta_s: number | null
  ticket: TicketView
  narrative: string
  reporter_mode: string
  reports_year: number
  /** Positions say that the unit has arrived; the officer decides. */
  arrival: { proposed_at: string; metres: number } | null
}

export interface OfficerView {
  unit: UnitView
  shift: { from: string; to: string } | null
  offer: OfferCard | null
  sortie: SortieCard | null
  tickets_done_today: number
}

export interface Kpi {
  at: string
  today: {
    received: number
    awaiting: number
    in_progress: number
    overdue: number
    arrive_mean_s: number | null
    /** Share 0..1 of arrivals within their limit; null when nobody has arrived yet. */
    arrive_on_time: number | null
    arrive_n: number
    closed: number
    units_online: number
    units_total: number
  }
  squads: { squad: string; on_time: number | null; arrive_mean_s: number | null; n: number }[]
  stages: {
    dispatch_s: number | null
    accept_s: number | null
    travel_s: number | null
    scene_s: number | null
  }
  trend: { hour: string; received: number; closed: number }[]
}

/** One row of a `fixes` message: unit, place, heading, speed, time of the fix in Unix milliseconds. */
export type FixRow = [
  unit_id: number,
  lon: number,
  lat: number,
  heading_deg: number | null,
  speed_kmh: number | null,
  fixed_at_ms: number,
]

export type FenceEventKind = 'enter' | 'exit' | 'dwell'

/** A unit entered, left or stayed at a fence; `at` is the time of the first fix that showed it. */
export interface FenceEvent {
  id: number
  fence_id: number
  fence: string
  unit_id: number
  call_sign: string
  at: string
  kind: FenceEventKind
  lon: number
  lat: number
}

/** Every message of GET /live by its event name. */
export interface LiveMessages {
  hello: { boot: string; now: string; seq: number; view: string }
  snapshot: { units: UnitView[]; tickets: TicketView[]; seq: number }
  fixes: { now: string; f: FixRow[] }
  unit: UnitView
  ticket: TicketView
  event: EventView
  fence: FenceEvent
  gap: { from: number; to: number }
  officer: OfficerView
  tick: { now: string }
}

/** RFC 9457 problem details, as the server sends them. */
export interface Problem {
  type?: string
  title?: string
  status: number
  detail?: string
  code?: string
  errors?: FieldError[]
  [extra: string]: unknown
}

export interface FieldError {
  location: string
  message: string
  value?: unknown
}
