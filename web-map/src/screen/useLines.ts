import { onScopeDispose, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { distance, minutes } from '../format'
import type { MapLine } from '../map/overlays'
import { useRoutes } from '../map/useRoutes'
import { useBoard } from '../stores/board'
import type { TicketView } from '../wire'
import type { Choice } from './useCandidates'

const EVERY_MS = 1_000

/** Lines from every unit under way to its ticket, and from the candidates to the focused one, each second. */
export function useLines(focus: () => TicketView | null, choices: () => Choice[]) {
  const board = useBoard()
  const { t } = useI18n()
  const routes = useRoutes(board.putWay)
  const lines = shallowRef<MapLine[]>([])

  const label = (metres: number | null, seconds: number | null) => {
    const eta = minutes(seconds)
    return eta === null ? distance(metres) : `${distance(metres)} · ${eta} ${t('time.minute')}`
  }

  function unitLine(ticket: TicketView): MapLine | null {
    const moving = ticket.status === 'accepted' || ticket.status === 'en_route'
    const from = ticket.unit && moving ? board.getPositions().placeOf(ticket.unit.id) : null
    if (!from || ticket.lon === null || ticket.lat === null) return null
    const way = board.wayLeft(ticket)
    const strong = ticket.id === focus()?.id
    const named = strong || ticket.urgency <= 2
    return {
      from,
      to: [ticket.lon, ticket.lat],
      label: named ? label(way.distanceM, way.etaS) : '',
      strong,
      path: routes.wayOf(ticket, ticket.unit!.id, from),
    }
  }

  function offerLine(): MapLine | null {
    const ticket = focus()
    const from = ticket?.offer ? board.getPositions().placeOf(ticket.offer.unit_id) : null
    if (!from || !ticket?.offer || ticket.lon === null || ticket.lat === null) return null
    const text = label(ticket.offer.distance_m, ticket.offer.eta_s)
    const path = routes.wayOf(ticket, ticket.offer.unit_id, from)
    return { from, to: [ticket.lon, ticket.lat], label: text, strong: true, path }
  }

  function choiceLine(choice: Choice, order: number): MapLine | null {
    const ticket = focus()
    const from = board.getPositions().placeOf(choice.unitId)
    if (!from || !ticket || ticket.lon === null || ticket.lat === null) return null
    return {
      from,
      to: [ticket.lon, ticket.lat],
      label: order === 0 ? label(choice.distanceM, choice.etaS) : '',
      strong: order === 0,
    }
  }

  function redraw(): void {
    const going = focus()?.status === 'offered' ? [offerLine()] : choices().map(choiceLine)
    const all = [...board.queue.map(unitLine), ...going]
    lines.value = all.filter((line) => line !== null)
  }

  watch([() => board.tickets, () => focus()?.id, choices, routes.loaded], redraw)
  const timer = setInterval(redraw, EVERY_MS)
  onScopeDispose(() => clearInterval(timer))
  return lines
}
