import type { Outcome } from './admin/register/register'
import type { Freshness, Role, TicketStatus, Urgency } from '../wire'

/** Shapes of the routes that only the desk calls. */

export interface Shift {
  id: number
  unit_id: number
  from: string
  to: string
}

export interface Person {
  id: number
  login: string
  name: string
  role: Role
  org_id: number
  unit_id: number | null
  must_change: boolean
  disabled_at: string | null
  created_at: string
}

export interface PersonSecret {
  person: Person
  /** One-time password; the server keeps only its hash. */
  secret: string
}

export interface Org {
  id: number
  parent_id: number | null
  level: string
  code: string
  name: string
}

export interface Policy {
  urgency: Urgency
  mode: 'suggest' | 'auto'
  offer_seconds: number
  max_offers: number
  eta_cap_min: number
  border_min: number
}

export interface ImportProblem {
  row: number
  field: string
  value: string
  code?: string
  message: string
}

export interface ImportReport {
  delivery_id: number
  state: 'done' | 'tried' | 'held'
  outcome: Outcome
  rows: number
  inserted: number
  updated: number
  unchanged: number
  refused: number
  encoding: string
  columns: Record<string, string>
  errors: ImportProblem[] | null
  warnings?: ImportProblem[] | null
  dry_run?: boolean
}

export interface Reporter {
  appeal_id: number
  name: string
  phone: string
  note: string
}

/** A point of a track; doubt is the reason why it is in the history only. */
export type TrackPoint = [
  lon: number,
  lat: number,
  at_ms: number,
  speed_kmh: number | null,
  doubt: string | null,
]

export interface TrackAnswer {
  unit_id: number
  call_sign: string
  from: string
  to: string
  points: TrackPoint[]
  stops: { from: string; to: string; lon: number; lat: number }[]
  gaps: { from: string; to: string }[]
  fixes: number
  metres: number
  moving_s: number
  top_kmh: number | null
}

/** The board at a moment of the past. */
export interface Scene {
  at: string
  units: SceneUnit[]
  tickets: SceneTicket[]
}

export interface SceneUnit {
  unit_id: number
  call_sign: string
  kind: string
  squad: string
  on_shift: boolean
  lon: number | null
  lat: number | null
  fixed_at: string | null
  heading_deg: number | null
  speed_kmh: number | null
  freshness: Freshness
  sortie_ticket_id: number | null
}

export interface SceneTicket {
  id: number
  number: string
  status: TicketStatus
  urgency: Urgency
  title: string
  lon: number | null
  lat: number | null
  registered_at: string
  unit_id: number | null
}

/** A place whose visitors are noted: `polygon` (corners, not closed twice) or `circle`. */
export interface Fence {
  id: number
  name: string
  polygon?: [lon: number, lat: number][]
  circle?: { lon: number; lat: number; radius_m: number }
  dwell_s?: number
  plain?: boolean
  org_id?: number
}

/** What a squad is responsible for, or a division; `polygons` as in a GeoJSON MultiPolygon. Days are like 2026-11-22. */
export interface Area {
  id: number
  kind: 'division' | 'squad'
  code: string
  squad: string
  org_id: number
  name: string
  polygons: [lon: number, lat: number][][][]
  /** Both are left out where that end is open; `valid_to` is the first day on which it is no longer valid. */
  valid_from?: string
  valid_to?: string
  source: string
}

export interface AreaImportReport {
  features: number
  added: number
  replaced: number
  unchanged: number
  mended: number
  refused: number
  problems: { feature: number; name: string; code: string; message: string }[]
  dry_run: boolean
}

/** A piece of a division that belongs to no squad, or to the two in `areas`. */
export interface CoveragePart {
  polygons: [lon: number, lat: number][][][]
  area_sq_km: number
  areas: string[]
  squads: string[]
}

/** How the areas of squads fill a division on a day; `covered` is a share, `slivers` what is narrower than a border. */
export interface Coverage {
  code: string
  name: string
  area_sq_km: number
  covered: number
  gaps: CoveragePart[]
  overlaps: CoveragePart[]
  slivers: number
}

/** What a vehicle's terminal took for a ticket. */
export interface Attachment {
  id: number
  unit_id: number
  device_id: number
  type: 'image' | 'audio' | 'video' | 'other'
  format: string
  channel: number
  cause: number
  taken_at: string | null
  lon: number | null
  lat: number | null
  received_at: string
  sha256: string
  bytes: number
}
