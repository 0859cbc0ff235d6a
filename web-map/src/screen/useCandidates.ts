import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { get } from '../api'
import { distanceM } from '../geo'
import { useBoard } from '../stores/board'
import { useSession } from '../stores/session'
import { isUntaken } from '../tickets'
import type { CandidateList, Role, TicketView } from '../wire'

const MAY_ASK: Role[] = ['dispatcher', 'leader', 'supervisor', 'agent', 'administrator']
const EVERY_MS = 10_000
const SHOWN = 3

export interface Choice {
  unitId: number
  callSign: string
  distanceM: number | null
  /** Null where only the distance is known. */
  etaS: number | null
}

/**
 * The three best units for the focused ticket while nobody has taken it. A person who may see candidates gets
 * the server's ranking; the wall gets the nearest available units by straight line, without an ETA.
 */
export function useCandidates(focus: () => TicketView | null) {
  const board = useBoard()
  const session = useSession()
  const choices = shallowRef<Choice[]>([])
  const ranked = ref(false)
  let asked = 0

  async function refresh(): Promise<void> {
    const ticket = focus()
    if (!ticket || !isUntaken(ticket) || ticket.lon === null || ticket.lat === null) {
      choices.value = []
      return
    }
    if (!session.me || !MAY_ASK.includes(session.me.role)) return show(nearest(ticket), false)
    const turn = ++asked
    try {
      const list = await get<CandidateList>(`/tickets/${ticket.id}/candidates`)
      if (turn !== asked) return
      const best = list.candidates.filter((c) => c.eligible).sort((a, b) => a.rank - b.rank)
      show(
        best.map((c) => ({
          unitId: c.unit_id,
          callSign: c.call_sign,
          distanceM: c.distance_m,
          etaS: c.eta_s,
        })),
        true,
      )
    } catch {
      if (turn === asked) show(nearest(ticket), false)
    }
  }

  function show(list: Choice[], isRanked: boolean): void {
    choices.value = list.slice(0, SHOWN)
    ranked.value = isRanked
  }

  function nearest(ticket: TicketView): Choice[] {
    const positions = board.getPositions()
    const list: Choice[] = []
    for (const unit of board.units.values()) {
      const place = unit.duty === 'available' ? positions.placeOf(unit.id) : null
      if (!place) continue
      const metres = distanceM(place[0], place[1], ticket.lon!, ticket.lat!)
      list.push({ unitId: unit.id, callSign: unit.call_sign, distanceM: metres, etaS: null })
    }
    return list.sort((a, b) => a.distanceM! - b.distanceM!)
  }

  watch([() => focus()?.id, () => focus()?.status, () => board.loaded], refresh, { immediate: true })
  const timer = setInterval(refresh, EVERY_MS)
  onScopeDispose(() => clearInterval(timer))
  return { choices, ranked }
}
