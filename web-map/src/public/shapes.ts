/** Shapes of the routes that only the public pages call. */

export type StatusGroup = 'received' | 'assigned' | 'on_site' | 'closing' | 'closed' | 'cancelled'

export interface PublicProgress {
  number: string
  status_group: StatusGroup
  steps: {
    step: 'received' | 'dispatched' | 'on_site' | 'closed'
    at: string | null
    state: 'done' | 'now' | 'todo'
  }[]
  district: string
  subtype_zh: string
  subtype_en: string
  expected_by: string | null
}

/** Counts from one to four are null: suppressed, not zero. */
export interface PublicBoard {
  /** The moment up to which everything here counts, half an hour ago. */
  as_of: string
  today: { received: number | null; closed: number | null; on_time_rate: number | null }
  by_district: { district: string; open: number | null; closed: number | null }[]
  recent: { at: string; district: string; subtype: string; status_group: StatusGroup }[]
}
