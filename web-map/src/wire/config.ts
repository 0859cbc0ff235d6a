/** Who is signed in, and what the server says about itself before anything else. */

import type { TicketKind, TicketStatus, Urgency } from './ticket'

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

/** A map of somebody else that can be chosen instead of the basemap. */
export interface Backdrop extends Omit<Named, 'code'> {
  id: string
  vector: boolean
  schema: 'protomaps' | 'openmaptiles' | ''
  /** For each layer, the lowest first, the addresses of a tile; any of them will do. */
  layers: string[][]
  tile_size: number
  min_zoom: number
  max_zoom: number
  source: string
  approval: string
  dark: boolean
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
  register: { tiles: string; single: number; version: number }
  backdrops: Backdrop[]
}
