/** Tickets, what happened to them, and the retailers that they are about. */

import type { PlaceChecked } from './place'
import type { Candidate } from './unit'

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
  eta_basis: string
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
  /** Squad whose area the place lies in; empty when unknown. */
  responsible: string
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
  /** By when the caller is to be asked again where it is; null = not to be asked. */
  place_check_due: string | null
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

/** How far a unit is from the case that it is with, as a route says. */
export interface Estimate {
  unit_id: number
  distance_m: number
  eta_s: number
  eta_basis: string
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
  /** The place check; null when there was none. */
  place_check: PlaceChecked | null
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
  match:
    | 'name'
    | 'alias'
    | 'pinyin'
    | 'initials'
    | 'address'
    | 'licence_no'
    | 'operator'
    | 'phone'
    | 'sound'
    | 'similar'
    | 'near'
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
