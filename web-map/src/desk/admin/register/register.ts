import { ApiError, get, newKey } from '../../../api'
import type { ImportProblem, ImportReport } from '../../shapes'
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
    named: number
    outside: number
    strayed: number
  }
}

/** A list that was brought in, and how far it is. */
export interface Delivery {
  id: number
  file_name: string
  source: string
  dry_run: boolean
  state: 'reading' | 'applying' | 'held' | 'done' | 'tried' | 'rejected' | 'failed'
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
  /** Why it failed; empty otherwise. */
  fault: string
}

/** One list with what was wrong with its rows. */
export interface WholeDelivery extends Delivery {
  errors: ImportProblem[]
  warnings: ImportProblem[]
}

export const running = (d: Delivery) => d.state === 'reading' || d.state === 'applying'

export const oneDelivery = (id: number) => get<WholeDelivery>(`/retailers/deliveries/${id}`)

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

/**
 * Sends a file as it is and says how much of it has gone, from 0 to 1. Rejects with ApiError when the list as a whole
 * cannot be read. A request that tells how far it is needs XMLHttpRequest.
 */
function send<T>(path: string, file: Blob, onSent?: (share: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `/api/v1/retailers/${path}`)
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.setRequestHeader('accept-language', document.documentElement.lang)
    request.setRequestHeader('idempotency-key', newKey())
    request.upload.onprogress = (event) => onSent?.(event.total > 0 ? event.loaded / event.total : 0)
    request.onerror = () => reject(new ApiError({ status: 0, code: 'network' }))
    request.onload = () => {
      const body = parsed(request.responseText)
      if (request.status >= 200 && request.status < 300) resolve(body as T)
      else reject(new ApiError({ ...(body as Partial<Problem>), status: request.status }))
    }
    request.send(file)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

/** How much of a list of text the preview looks at; of others it takes all, up to what the server takes. */
const LOOK = 1 << 20
const LOOK_ALL = 64 << 20

const isText = (file: File) => /\.(csv|txt|tsv)$/i.test(file.name)

/** Whether a list is too long to be looked at before it is sent. */
export const tooLongToLook = (file: File) => !isText(file) && file.size > LOOK_ALL

export function previewList(file: File, encoding: string): Promise<Preview> {
  const begin = isText(file) ? file.slice(0, LOOK) : file
  return send<Preview>(`preview?${new URLSearchParams({ encoding })}`, begin)
}

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

export const importList = (file: File, settings: ImportSettings, onSent: (share: number) => void) =>
  send<ImportReport>(`import?${importQuery(file.name, settings)}`, file, onSent)

/** Whether a call that failed may go well when it is sent again: nothing answered, or the server has too much to do. */
export const cutOff = (error: unknown) =>
  error instanceof ApiError && ([0, 408, 429].includes(error.status) || error.status >= 500)

/** How far a running import is, from 0 to 1: reading is the first half, storing the second. */
export function progressOf(d: Delivery): number {
  if (d.parts > 0) return 0.5 + (0.5 * d.parts_done) / d.parts
  return d.bytes > 0 ? 0.5 * Math.min(1, d.bytes_read / d.bytes) : 0
}
