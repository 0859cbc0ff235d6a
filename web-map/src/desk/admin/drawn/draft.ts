import type { Fence } from '../../shapes'

export type Place = [lon: number, lat: number]

/** A fence while it is drawn or changed; `id` is null until the server knows it. */
export interface Draft {
  id: number | null
  name: string
  shape: 'polygon' | 'circle'
  corners: Place[]
  centre: Place | null
  radiusM: number
  dwellMin: number
  plain: boolean
  /** Which ring of a larger shape this is; '' when it is all of it. */
  part: string
}

const EARTH_M = 6_371_008.8
const RING = 64

export function newDraft(shape: Draft['shape']): Draft {
  return {
    id: null,
    name: '',
    shape,
    corners: [],
    centre: null,
    radiusM: 200,
    dwellMin: 0,
    plain: false,
    part: '',
  }
}

export function draftOf(fence: Fence): Draft {
  const { circle } = fence
  return {
    id: fence.id,
    name: fence.name,
    shape: circle ? 'circle' : 'polygon',
    corners: openRing(fence.polygon ?? []),
    centre: circle ? [circle.lon, circle.lat] : null,
    radiusM: circle?.radius_m ?? 200,
    dwellMin: (fence.dwell_s ?? 0) / 60,
    plain: fence.plain ?? false,
    part: '',
  }
}

/** The server closes a ring by its first corner; a person does not want to see that one twice. */
export function openRing(ring: readonly Place[]): Place[] {
  const first = ring[0]
  const last = ring.at(-1)
  const closed = ring.length > 1 && first![0] === last![0] && first![1] === last![1]
  return ring.slice(0, closed ? -1 : undefined).map((p) => [...p])
}

const isPlace = (p: Place) =>
  Number.isFinite(p[0]) && Number.isFinite(p[1]) && Math.abs(p[0]) <= 180 && Math.abs(p[1]) <= 90

/** What is still missing, as the key of a sentence; empty when it can be sent. */
export function lackOf(draft: Draft): '' | 'name' | 'corners' | 'centre' | 'radius' | 'place' {
  if (!draft.name.trim()) return 'name'
  if (draft.shape === 'polygon') {
    if (draft.corners.length < 3) return 'corners'
    return draft.corners.every(isPlace) ? '' : 'place'
  }
  if (!draft.centre) return 'centre'
  if (!isPlace(draft.centre)) return 'place'
  return draft.radiusM >= 10 && draft.radiusM <= 200_000 ? '' : 'radius'
}

/** The body of the request: all of the fence, never half. */
export function bodyOf(draft: Draft): Omit<Fence, 'id'> {
  const rest = { name: draft.name.trim(), dwell_s: Math.round(draft.dwellMin * 60), plain: draft.plain }
  if (draft.shape === 'polygon') return { ...rest, polygon: draft.corners }
  const [lon, lat] = draft.centre!
  return { ...rest, circle: { lon, lat, radius_m: draft.radiusM } }
}

/** A click on the map: the next corner, or the centre. */
export function clicked(draft: Draft, at: Place): Draft {
  const place: Place = [round(at[0]), round(at[1])]
  if (draft.shape === 'circle') return { ...draft, centre: place }
  return { ...draft, corners: [...draft.corners, place] }
}

/** Moves a corner, or the centre of a circle (whose only corner it is). */
export function moved(draft: Draft, i: number, at: Place): Draft {
  const place: Place = [round(at[0]), round(at[1])]
  if (draft.shape === 'circle') return { ...draft, centre: place }
  return { ...draft, corners: draft.corners.map((p, k) => (k === i ? place : p)) }
}

export function without(draft: Draft, i: number): Draft {
  return { ...draft, corners: draft.corners.filter((_, k) => k !== i) }
}

/** A new corner in the middle of the side that begins at corner i. */
export function split(draft: Draft, i: number): Draft {
  const a = draft.corners[i]!
  const b = draft.corners[(i + 1) % draft.corners.length]!
  const middle: Place = [round((a[0] + b[0]) / 2), round((a[1] + b[1]) / 2)]
  return { ...draft, corners: draft.corners.toSpliced(i + 1, 0, middle) }
}

/** Corners are kept to 1e-6 degrees, about a hand. */
const round = (degrees: number) => Math.round(degrees * 1e6) / 1e6

/** The ring of a circle on the ground, closed. */
export function circleRing([lon, lat]: Place, radiusM: number): Place[] {
  const rad = Math.PI / 180
  const up = radiusM / EARTH_M / rad
  const across = up / Math.cos(lat * rad)
  return Array.from({ length: RING + 1 }, (_, i) => {
    const angle = (i / RING) * 2 * Math.PI
    return [lon + across * Math.sin(angle), lat + up * Math.cos(angle)]
  })
}

/** The closed ring of a draft; null while there is none. */
export function ringOf(draft: Draft): Place[] | null {
  if (draft.shape === 'circle') return draft.centre && circleRing(draft.centre, draft.radiusM)
  return draft.corners.length < 2 ? null : [...draft.corners, draft.corners[0]!]
}
