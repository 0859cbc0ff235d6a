import { ApiError, newKey } from '../../../api'
import type { Problem } from '../../../wire'
import type { Area, AreaImportReport, Fence } from '../../shapes'
import { draftOf, newDraft, type Draft } from '../fences/draft'

/** An area while it is drawn or changed: its outline is drawn as that of a fence. */
export interface AreaDraft {
  outline: Draft
  orgId: number
  from: string
  to: string
  /** The shape as it is stored, when it has holes or several parts: it is sent back as it came. */
  fixed: Area['polygons'] | null
}

/** For the map of the fences, which draws the outer ring of the first part. */
export function fenceOf(area: Area): Fence {
  return { id: area.id, name: area.name, polygon: area.polygons[0]?.[0] ?? [] }
}

const simple = (area: Area) => area.polygons.length === 1 && area.polygons[0]!.length === 1

export function areaDraft(area?: Area): AreaDraft {
  if (!area) return { outline: newDraft('polygon'), orgId: 0, from: '', to: '', fixed: null }
  return {
    outline: draftOf(fenceOf(area)),
    orgId: area.org_id,
    from: area.valid_from ?? '',
    to: area.valid_to ?? '',
    fixed: simple(area) ? null : area.polygons,
  }
}

export function areaBody(d: AreaDraft) {
  return {
    name: d.outline.name.trim(),
    org_id: d.orgId,
    polygons: d.fixed ?? [[d.outline.corners]],
    ...(d.from && { valid_from: d.from }),
    ...(d.to && { valid_to: d.to }),
  }
}

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
