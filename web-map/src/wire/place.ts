/** What a caller's words about a place come to, and the place check when nobody is sure of it. */

/** A shop that the caller can mean; the likeliest comes first. */
export interface ResolvedShop {
  id: number
  licence_no: string
  name: string
  address: string
  lon: number | null
  lat: number | null
  /** The licence is over. */
  over: boolean
  /** Probability, 0 to 1. */
  score: number
  why_zh: string
  why_en: string
}

export interface ResolveQuestion {
  about: 'district' | 'town' | 'road' | 'number' | 'place' | 'branch' | 'name' | 'operator' | 'any'
  /** Answers that tell the candidates apart; empty when there are too many. */
  options: string[]
  zh: string
  en: string
}

export interface Resolved {
  sure: boolean
  /** Probability that it is none of the register. */
  unknown: number
  candidates: ResolvedShop[]
  /** Null when the answer is sure. */
  question: ResolveQuestion | null
}

/** The place check of a ticket, and what came of it. */
export interface PlaceChecked {
  opened_at: string
  due_at: string
  /** What to ask the caller, in Chinese; may be empty. */
  question: string
  /** Null while it is open. */
  settled_at: string | null
  /** Name of the person; may be empty. */
  settled_by: string
  outcome: '' | PlaceOutcome
  note: string
}

export type PlaceOutcome = 'confirmed' | 'corrected' | 'unreachable'
