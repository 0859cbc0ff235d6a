import { onScopeDispose, shallowRef } from 'vue'
import { get } from '../api'
import { distanceM } from '../geo'
import type { Estimate, TicketView } from '../wire'

type Place = [lon: number, lat: number]

/** The way that a unit drives to a ticket, as the server answers. */
interface RouteAnswer extends Estimate {
  line: Place[]
}

interface Kept {
  unit: number
  line: Place[]
  at: number
}

/** A way is asked for again this often: the unit may have left it. */
const FRESH_MS = 15_000
/** A unit farther from its line than this has left it. */
const OFF_M = 250

const UNDER_WAY = ['offered', 'accepted', 'en_route']

/**
 * Ways on roads of units to tickets. `wayOf` gives what is left of a unit's way from where it is now, or undefined while
 * that is not known: then a straight line is drawn. `loaded` grows with each answer, and `heard` is told its estimate.
 */
export function useRoutes(heard: (ticketId: number, way: Estimate) => void = () => {}) {
  const kept = new Map<number, Kept>()
  const asking = new Set<number>()
  const loaded = shallowRef(0)
  const gone = new AbortController()
  onScopeDispose(() => gone.abort())

  async function ask(ticket: TicketView, unit: number): Promise<void> {
    if (asking.has(ticket.id)) return
    asking.add(ticket.id)
    let line: Place[] = []
    try {
      const { line: points, ...way } = await get<RouteAnswer>(`/tickets/${ticket.id}/route`, {
        signal: gone.signal,
      })
      if (way.eta_basis === 'road' && way.unit_id === unit) line = points
      heard(ticket.id, way)
    } catch {
      // No way is known: the straight line stays, and the next time comes.
    }
    asking.delete(ticket.id)
    kept.set(ticket.id, { unit, line, at: Date.now() })
    loaded.value++
  }

  function wayOf(ticket: TicketView, unit: number, from: Place): Place[] | undefined {
    if (!UNDER_WAY.includes(ticket.status)) {
      kept.delete(ticket.id)
      return undefined
    }
    const known = kept.get(ticket.id)
    if (!known || known.unit !== unit || Date.now() - known.at > FRESH_MS) void ask(ticket, unit)
    return known && known.unit === unit ? left(known.line, from) : undefined
  }

  return { wayOf, loaded }
}

/** What of a line is left for somebody who is at a place; undefined when that is not on the line. */
export function left(line: readonly Place[], from: Place): Place[] | undefined {
  const scale = Math.cos((from[1] * Math.PI) / 180)
  let next = -1
  let least = Infinity
  let foot: Place = from
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1]!, line[i]!]
    const [dx, dy] = [(b[0] - a[0]) * scale, b[1] - a[1]]
    const along = ((from[0] - a[0]) * scale * dx + (from[1] - a[1]) * dy) / (dx * dx + dy * dy || 1)
    const part = Math.min(1, Math.max(0, along))
    const at: Place = [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part]
    const away = distanceM(from[0], from[1], at[0], at[1])
    if (away < least) [least, next, foot] = [away, i, at]
  }
  return next > 0 && least <= OFF_M ? [from, foot, ...line.slice(next)] : undefined
}
