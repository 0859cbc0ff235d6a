import type { Positions } from '../positions'
import type { TicketView } from '../wire'

export type Box = [west: number, south: number, east: number, north: number]

/**
 * The box around all tickets with a place and the middle 90 % of the units, so that one lost unit far away does
 * not shrink the town; null when there are none.
 */
export function dataBounds(positions: Positions, tickets: readonly TicketView[]): Box | null {
  const lons: number[] = []
  const lats: number[] = []
  for (let row = 0; row < positions.n; row++) {
    if (positions.fixedAt[row] === 0) continue
    lons.push(positions.lon[row]!)
    lats.push(positions.lat[row]!)
  }
  const [west, east] = middle(lons)
  const [south, north] = middle(lats)
  let box: Box = [west, south, east, north]
  for (const t of tickets) {
    if (t.lon !== null && t.lat !== null) box = around(box, t.lon, t.lat)
  }
  return Number.isFinite(box[0]) ? box : null
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
