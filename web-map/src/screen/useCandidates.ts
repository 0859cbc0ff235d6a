import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { get } from '../api'
import { distanceM } from '../geo'
import { useBoard } from '../stores/board'
import { useSession } from '../stores/session'
import { isUntaken } from '../tickets'
import type { CandidateList, Role, TicketView } from '../wire'

const MAY_ASK: Role[] = ['dispatcher', 'leader', 'supervisor', 'agent', 'administrator']
const EVERY_MS = 10_000
/** Units change in bursts: one refresh serves those of this time. */
const SETTLE_MS = 1_000
const SHOWN = 3

export interface Choice {
  unitId: number
  callSign: string
  distanceM: number | null
  /** Null where only the distance is known. */
  etaS: number | null
  /** How way and time were estimated; absent where only the distance is known. */
  basis?: string
}

/**
 * The three best units for the focused ticket while nobody has taken it. A person who may see candidates gets
 * the server's ranking; the wall gets the nearest available units by straight line, without an ETA. `known` is
 * true once the choices are those of the ticket in focus: before it, no choices does not mean no unit.
 */
export function useCandidates(focus: () => TicketView | null) {
  const board = useBoard()
  const session = useSession()
  const choices = shallowRef<Choice[]>([])
  const ranked = ref(false)
  const known = ref(false)
  let asked = 0
  let shownFor: number | null = null
  let settling: ReturnType<typeof setTimeout> | undefined

  async function refresh(): Promise<void> {
    const turn = ++asked
    const ticket = focus()
    if (!ticket || ticket.id !== shownFor) forget()
    if (!board.loaded || !ticket || !isUntaken(ticket) || ticket.lon === null || ticket.lat === null) {
      return forget()
    }
    shownFor = ticket.id
    if (!session.me || !MAY_ASK.includes(session.me.role)) return show(nearest(ticket), false)
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
          basis: c.eta_basis,
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
    known.value = true
  }

  function forget(): void {
    shownFor = null
    choices.value = []
    known.value = false
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

  /** The ids of the units that wait for a task, as text, so that a watcher sees a change of the set alone. */
  function available(): string {
    const ids: number[] = []
    for (const unit of board.units.values()) if (unit.duty === 'available') ids.push(unit.id)
    return ids.join()
  }

  function refreshSoon(): void {
    settling ??= setTimeout(() => {
      settling = undefined
      void refresh()
    }, SETTLE_MS)
  }

  watch([() => focus()?.id, () => focus()?.status, () => focus()?.lon, () => board.loaded], refresh, {
    immediate: true,
  })
  watch(available, refreshSoon)
  const timer = setInterval(refresh, EVERY_MS)
  onScopeDispose(() => {
    clearInterval(timer)
    clearTimeout(settling)
  })
  return { choices, ranked, known }
}
