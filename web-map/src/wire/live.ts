/** The live stream and the figures of the wall. */

import type { OfficerView } from './officer'
import type { EventView, TicketView } from './ticket'
import type { UnitView } from './unit'

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
