import { ApiError, newKey } from '../../../api'
import type { ImportReport } from '../../shapes'
import type { Problem } from '../../../wire'

export interface Outcome {
  inserted: number
  returned: number
  updated: number
  unchanged: number
  closed: number
  expired: number
  had: number
  reopened: number
  held: ('closing' | 'mixed_datum')[]
  changes: Record<string, number>
  mixed: {
    suspect: boolean
    shares: Record<string, number>
    pairs: number
    apart: number
    known: number
    moved: number
  }
}

/** A list that was brought in, and how far it is. */
export interface Delivery {
  id: number
  file_name: string
  source: string
  dry_run: boolean
  state: 'reading' | 'applying' | 'held' | 'done' | 'tried' | 'rejected'
  by: string
  started_at: string
  ended_at: string | null
  bytes: number
  bytes_read: number
  rows: number
  parts: number
  parts_done: number
  refused: number
  outcome: Outcome | null
}

export interface Preview {
  headings: string[]
  columns: Record<string, string>
  fields: string[]
  encoding: string
  rows: string[][]
  missing: string
}

export interface Profile {
  source?: string
  encoding?: string
  datum?: string
  mapping?: Record<string, string>
  [other: string]: unknown
}

export interface ImportSettings {
  profile: string
  source: string
  datum: string
  encoding: string
  dryRun: boolean
  confirm: boolean
  mapping: Record<string, string>
}

/** Sends a file as it is. Rejects with ApiError when the list as a whole cannot be read. */
async function send<T>(path: string, file: Blob, headers: Record<string, string>): Promise<T> {
  let response: Response
  try {
    response = await fetch(`/api/v1/retailers/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/octet-stream',
        'accept-language': document.documentElement.lang,
        ...headers,
      },
      credentials: 'same-origin',
      body: file,
    })
  } catch {
    throw new ApiError({ status: 0, code: 'network' })
  }
  const body: unknown = await response.json().catch(() => ({}))
  if (!response.ok) throw new ApiError({ ...(body as Partial<Problem>), status: response.status })
  return body as T
}

export const previewList = (file: Blob, encoding: string) =>
  send<Preview>(`preview?${new URLSearchParams({ encoding })}`, file, {})

/** The query of an import; a mapping wins over what is found, a comma or colon in a heading cannot be sent. */
export function importQuery(name: string, s: ImportSettings): URLSearchParams {
  const query = new URLSearchParams({
    datum: s.datum,
    encoding: s.encoding,
    dry_run: String(s.dryRun),
    file: name,
  })
  if (s.confirm) query.set('confirm', 'true')
  if (s.profile) query.set('profile', s.profile)
  if (s.source) query.set('source', s.source)
  const map = Object.entries(s.mapping)
    .filter(([, heading]) => heading && !/[,:]/.test(heading))
    .map(([field, heading]) => `${field}:${heading}`)
  if (map.length > 0) query.set('map', map.join(','))
  return query
}

export const importList = (file: File, settings: ImportSettings) =>
  send<ImportReport>(`import?${importQuery(file.name, settings)}`, file, { 'idempotency-key': newKey() })

/** How far a running import is, from 0 to 1: reading is the first half, storing the second. */
export function progressOf(d: Delivery): number {
  if (d.parts > 0) return 0.5 + (0.5 * d.parts_done) / d.parts
  return d.bytes > 0 ? 0.5 * Math.min(1, d.bytes_read / d.bytes) : 0
}
