/** What an officer's phone shows. */

import type { TicketView } from './ticket'
import type { UnitView } from './unit'

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
