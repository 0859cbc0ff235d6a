/** What is known of a shop and a place when a demand comes in. */
export interface Dossier {
  retailer: {
    licence_no: string
    name: string
    status: string
    valid_to: string | null
    tickets_year: number
  } | null
  /** The newest twenty. */
  cases: PastCase[]
  /** Of all cases. */
  total: number
  open: number
  last_visit: string | null
  warnings: { code: string; value: number }[]
  siblings: { licence_no: string; name: string; address: string; status: string; same_phone: boolean }[]
  school: { name: string; kind: 'school' | 'kindergarten'; distance_m: number } | null
  units: { id: number; call_sign: string; duty: string; distance_m: number }[]
  duplicates: Duplicate[]
}

export interface PastCase {
  id: number
  number: string
  kind: string
  subtype: string
  status: string
  outcome: string
  registered_at: string
  on_scene_at: string | null
  closed_at: string | null
}

export interface Duplicate extends PastCase {
  score: number
  same_retailer: boolean
  same_subtype: boolean
  distance_m: number | null
  hours: number
  similarity: number
}
