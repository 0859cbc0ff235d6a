import { ApiError, newKey } from '../../api'
import type { Problem } from '../../wire'
import type { ImportReport } from '../shapes'

export interface ImportSettings {
  datum: string
  encoding: string
  dryRun: boolean
}

/** Sends a list of retailers as it is. Rejects with ApiError when the list as a whole cannot be read. */
export async function importFile(file: Blob, settings: ImportSettings): Promise<ImportReport> {
  const query = new URLSearchParams({
    datum: settings.datum,
    encoding: settings.encoding,
    dry_run: String(settings.dryRun),
  })
  let response: Response
  try {
    response = await fetch(`/api/v1/retailers/import?${query}`, {
      method: 'POST',
      headers: {
        'content-type': 'text/csv',
        'idempotency-key': newKey(),
        'accept-language': document.documentElement.lang,
      },
      credentials: 'same-origin',
      body: file,
    })
  } catch {
    throw new ApiError({ status: 0, code: 'network' })
  }
  const body: unknown = await response.json().catch(() => ({}))
  if (!response.ok) throw new ApiError({ ...(body as Partial<Problem>), status: response.status })
  return body as ImportReport
}
