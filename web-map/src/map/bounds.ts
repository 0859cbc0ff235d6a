import type { Positions } from '../positions'
import type { TicketView } from '../wire'

/**
 * The box [west, south, east, north] around the middle 90 % of units and tickets with a place, so that one lost
 * unit far away does not shrink the town; null when there are none.
 */
export function dataBounds(
  positions: Positions,
  tickets: readonly TicketView[],
): [number, number, number, number] | null {
  const lons: number[] = []
  const lats: number[] = []
  for (let row = 0; row < positions.n; row++) {
    if (positions.fixedAt[row] === 0) continue
    lons.push(positions.lon[row]!)
    lats.push(positions.lat[row]!)
  }
  for (const t of tickets) {
    if (t.lon === null || t.lat === null) continue
    lons.push(t.lon)
    lats.push(t.lat)
  }
  if (lons.length === 0) return null
  const [west, east] = middle(lons)
  const [south, north] = middle(lats)
  return [west, south, east, north]
}

function middle(values: number[]): [number, number] {
  const sorted = Float64Array.from(values).sort()
  const cut = Math.floor(sorted.length * 0.05)
  return [sorted[cut]!, sorted[sorted.length - 1 - cut]!]
}
