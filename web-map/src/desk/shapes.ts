import type { Role, Urgency } from '../wire'

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
}

export interface ImportProblem {
  row: number
  field: string
  value: string
  code?: string
  message: string
}

export interface ImportReport {
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
