/** Units, and how they rank for a ticket. */

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

export interface Candidate {
  unit_id: number
  call_sign: string
  squad: string
  /** Whose the place is; empty when nobody is responsible there. */
  territory: '' | 'own' | 'other' | 'other_county'
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
