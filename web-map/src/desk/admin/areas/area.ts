import type { Area, Coverage } from '../../shapes'
import { newDraft, openRing, type Draft, type Place } from '../drawn/draft'
import type { Shape } from '../drawn/shape'

/** An area while it is drawn or changed; one ring of it at a time has handles. */
export interface AreaDraft {
  outline: Draft
  /** All rings as they were when `outline` was taken out; its own is put back in when it is sent. */
  polygons: Place[][][]
  /** Which of them the outline is. */
  ring: { polygon: number; ring: number }
  orgId: number
  from: string
  to: string
}

export function areaDraft(area?: Area): AreaDraft {
  const polygons = area?.polygons.map((polygon) => polygon.map(openRing)) ?? [[[]]]
  const first = { polygon: 0, ring: 0 }
  const corners = polygons[0]![0]!
  return {
    outline: {
      ...newDraft('polygon'),
      id: area?.id ?? null,
      name: area?.name ?? '',
      corners,
      part: partOf(polygons, first),
    },
    polygons,
    ring: first,
    orgId: area?.org_id ?? 0,
    from: area?.valid_from ?? '',
    to: area?.valid_to ?? '',
  }
}

/** The name of a ring of several; '' when there is one. */
const partOf = (polygons: Place[][][], { polygon, ring }: AreaDraft['ring']) =>
  polygons.length > 1 || polygons[0]!.length > 1 ? `${polygon}.${ring}` : ''

/** The polygons with what was drawn. */
export function drawnPolygons(d: AreaDraft): Place[][][] {
  return d.polygons.map((polygon, i) =>
    polygon.map((ring, k) => (i === d.ring.polygon && k === d.ring.ring ? d.outline.corners : ring)),
  )
}

/** Puts the handles on another ring. */
export function onRing(d: AreaDraft, ring: AreaDraft['ring']): AreaDraft {
  const polygons = drawnPolygons(d)
  const corners = polygons[ring.polygon]![ring.ring]!
  return { ...d, polygons, ring, outline: { ...d.outline, corners, part: partOf(polygons, ring) } }
}

/** A ring without corners is left out, and with an outer ring its holes. */
export function areaBody(d: AreaDraft) {
  return {
    name: d.outline.name.trim(),
    org_id: d.orgId,
    polygons: drawnPolygons(d)
      .filter((polygon) => polygon[0]!.length > 0)
      .map((polygon) => polygon.filter((ring) => ring.length > 0)),
    ...(d.from && { valid_from: d.from }),
    ...(d.to && { valid_to: d.to }),
  }
}

const SQUADS = ['#5ab8ff', '#2fd0a5', '#d9c06a', '#bb9aff', '#ff9e7a', '#9ad65c', '#f08cc0', '#7fd3e6']

/** A colour for each squad, the same as long as the squads are the same. */
export function squadColours(areas: readonly Area[]): Map<number, string> {
  const squads = [...new Set(areas.map((a) => a.org_id))].sort((a, b) => a - b)
  return new Map(squads.map((id, i) => [id, SQUADS[i % SQUADS.length]!]))
}

export function areaShapes(areas: readonly Area[]): Shape[] {
  const colours = squadColours(areas)
  return areas.map((a) => ({
    id: a.id,
    kind: 'area',
    name: a.name.startsWith(a.squad) ? a.name : `${a.name}\n${a.squad}`,
    polygons: a.polygons,
    colour: colours.get(a.org_id),
  }))
}

/** What levels of divisions a map can show: by how many digits their codes have, and how these end. */
export const LEVELS = ['none', 'county', 'township'] as const
export type Level = (typeof LEVELS)[number]

export function levelOf({ code }: Area): Level | 'above' {
  if (code.length === 9) return 'township'
  return code.endsWith('00') ? 'above' : 'county'
}

export function divisionShapes(divisions: readonly Area[], level: Level): Shape[] {
  return divisions
    .filter((d) => levelOf(d) === level)
    .map((d) => ({ id: 0, kind: 'division', name: d.name, polygons: d.polygons }))
}

export function coverageShapes(c: Coverage | null): Shape[] {
  const of = (kind: 'gap' | 'overlap', parts: Coverage['gaps']) =>
    parts.map((p): Shape => ({ id: 0, kind, name: '', polygons: p.polygons }))
  return c ? [...of('gap', c.gaps), ...of('overlap', c.overlaps)] : []
}
