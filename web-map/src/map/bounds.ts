import type { Positions } from '../positions'
import type { TicketView } from '../wire'

export type Box = [west: number, south: number, east: number, north: number]

/** Share of the basemap's width and height that is added on each side: half of it in all. */
const MARGIN = 0.25

/**
 * The box around all tickets with a place and the middle 90 % of the units, so that one lost unit far away does
 * not shrink the town; null when there are none. Points off the `ground` are left out.
 */
export function dataBounds(
  positions: Positions,
  tickets: readonly TicketView[],
  ground: Box | null,
): Box | null {
  const lons: number[] = []
  const lats: number[] = []
  for (let row = 0; row < positions.n; row++) {
    const lon = positions.lon[row]!
    const lat = positions.lat[row]!
    if (positions.fixedAt[row] === 0 || !isOn(ground, lon, lat)) continue
    lons.push(lon)
    lats.push(lat)
  }
  const [west, east] = middle(lons)
  const [south, north] = middle(lats)
  let box: Box = [west, south, east, north]
  for (const t of tickets) {
    if (t.lon !== null && t.lat !== null && isOn(ground, t.lon, t.lat)) box = around(box, t.lon, t.lat)
  }
  return Number.isFinite(box[0]) ? box : null
}

/** The basemap's bounds made larger by half: what lies outside is taken for a mistake. Null without a basemap. */
export function groundOf(bounds: Box | undefined): Box | null {
  if (!bounds) return null
  const [west, south, east, north] = bounds
  const across = (east - west) * MARGIN
  const up = (north - south) * MARGIN
  return [west - across, south - up, east + across, north + up]
}

/** True when the point lies on the ground; everything does when there is none. */
export function isOn(ground: Box | null, lon: number, lat: number): boolean {
  if (!ground) return true
  return lon >= ground[0] && lat >= ground[1] && lon <= ground[2] && lat <= ground[3]
}

/** The box made wide enough to hold the point. */
export function around(box: Box, lon: number, lat: number): Box {
  return [Math.min(box[0], lon), Math.min(box[1], lat), Math.max(box[2], lon), Math.max(box[3], lat)]
}

function middle(values: number[]): [low: number, high: number] {
  if (values.length === 0) return [Infinity, -Infinity]
  const sorted = Float64Array.from(values).sort()
  const cut = Math.floor(sorted.length * 0.05)
  return [sorted[cut]!, sorted[sorted.length - 1 - cut]!]
}
