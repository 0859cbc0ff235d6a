import { ApiError, newKey } from '../../../api'
import type { Problem } from '../../../wire'
import type { AreaImportReport } from '../../shapes'

export interface AreaImport {
  kind: string
  datum: string
  validFrom: string
  dryRun: boolean
}

/** Sends a GeoJSON file as it is. Rejects with ApiError when it cannot be read as a whole. */
export async function importAreas(file: Blob, settings: AreaImport): Promise<AreaImportReport> {
  const query = new URLSearchParams({
    kind: settings.kind,
    datum: settings.datum,
    dry_run: String(settings.dryRun),
    ...(settings.validFrom && { valid_from: settings.validFrom }),
  })
  let response: Response
  try {
    response = await fetch(`/api/v1/areas/import?${query}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/geo+json',
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
  return body as AreaImportReport
}
