import type { Place } from './draft'

/** Something on the map: rings as in a GeoJSON MultiPolygon. */
export interface Shape {
  /** 0 for what cannot be chosen. */
  id: number
  kind: 'fence' | 'area' | 'division' | 'gap' | 'overlap'
  name: string
  polygons: Place[][][]
  colour?: string
}

const STEPS = 14

/** Where the name of a shape is written: the place inside its largest part, of a grid, that is farthest from the border. */
export function labelPlace(polygons: readonly Place[][][]): Place | null {
  const part = polygons.reduce<Place[][] | null>(
    (best, p) => (best && size(best[0]!) >= size(p[0]!) ? best : p),
    null,
  )
  if (!part?.[0]?.length) return null
  const [west, south, east, north] = boxOf(part[0])
  let best: Place = middleOf(part[0])
  let most = 0
  for (let i = 1; i < STEPS; i++) {
    for (let k = 1; k < STEPS; k++) {
      const at: Place = [west + ((east - west) * i) / STEPS, south + ((north - south) * k) / STEPS]
      const deep = depth(part, at)
      if (deep > most) [most, best] = [deep, at]
    }
  }
  return best
}

export function boxOf(ring: readonly Place[]): [number, number, number, number] {
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const [lon, lat] of ring) {
    box[0] = Math.min(box[0], lon)
    box[1] = Math.min(box[1], lat)
    box[2] = Math.max(box[2], lon)
    box[3] = Math.max(box[3], lat)
  }
  return box
}

/** The middle of a closed ring's corners. */
export function middleOf(ring: readonly Place[]): Place {
  const corners = ring.slice(0, -1)
  const mean = (axis: 0 | 1) => corners.reduce((sum, p) => sum + p[axis], 0) / corners.length
  return [mean(0), mean(1)]
}

const size = (ring: readonly Place[]) => {
  const [west, south, east, north] = boxOf(ring)
  return (east - west) * (north - south)
}

/** How far inside of all rings a place is, squared and in degrees of latitude; 0 when it is outside. */
function depth(rings: readonly Place[][], [lon, lat]: Place): number {
  const scale = Math.cos((lat * Math.PI) / 180)
  let inside = false
  let least = Infinity
  for (const ring of rings) {
    for (let i = 1; i < ring.length; i++) {
      const [ax, ay] = [(ring[i - 1]![0] - lon) * scale, ring[i - 1]![1] - lat]
      const [bx, by] = [(ring[i]![0] - lon) * scale, ring[i]![1] - lat]
      if (ay > 0 !== by > 0 && ax + (ay / (ay - by)) * (bx - ax) > 0) inside = !inside
      const [dx, dy] = [bx - ax, by - ay]
      const along = Math.min(1, Math.max(0, -(ax * dx + ay * dy) / (dx * dx + dy * dy || 1)))
      least = Math.min(least, (ax + along * dx) ** 2 + (ay + along * dy) ** 2)
    }
  }
  return inside ? least : 0
}
