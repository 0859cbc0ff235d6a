import { onScopeDispose, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { distance, minutes } from '../../format'
import type { MapLine } from '../../map/overlays'
import { useRoutes } from '../../map/useRoutes'
import { useBoard } from '../../stores/board'
import type { Candidate } from '../../wire'
import type { Desk } from '../context'

const EVERY_MS = 1_000
export const SHOWN = 3

/** The best units of the opened ticket, as they are numbered on the map. */
export const numbered = (desk: Desk): Candidate[] => desk.ranking.eligible.value.slice(0, SHOWN)

/** Lines of the opened ticket: to its candidates, to the unit that was asked, or to the one on its way. */
export function useDeskLines(desk: Desk) {
  const board = useBoard()
  const { t, locale } = useI18n()
  const routes = useRoutes(board.putWay)
  const lines = shallowRef<MapLine[]>([])

  const label = (metres: number | null, seconds: number | null) => {
    const eta = minutes(seconds)
    return eta === null ? distance(metres) : `${distance(metres)} · ${eta} ${t('time.minute')}`
  }

  function draw(): MapLine[] {
    const ticket = desk.ticket.value
    if (!ticket || ticket.lon === null || ticket.lat === null) return []
    const to: [number, number] = [ticket.lon, ticket.lat]
    const line = (unitId: number, text: string, strong: boolean): MapLine[] => {
      const from = board.getPositions().placeOf(unitId)
      const path = from && strong ? routes.wayOf(ticket, unitId, from) : undefined
      return from ? [{ from, to, label: text, strong, path }] : []
    }
    if (ticket.status === 'accepted' || ticket.status === 'en_route') {
      const way = board.wayLeft(ticket)
      return ticket.unit ? line(ticket.unit.id, label(way.distanceM, way.etaS), true) : []
    }
    if (ticket.status === 'offered' && ticket.offer) {
      return line(ticket.offer.unit_id, label(ticket.offer.distance_m, ticket.offer.eta_s), true)
    }
    return numbered(desk).flatMap((c) => line(c.unit_id, label(c.distance_m, c.eta_s), c.rank === 1))
  }

  const redraw = () => (lines.value = draw())
  watch([() => desk.ticket.value, () => desk.ranking.eligible.value, locale, routes.loaded], redraw, {
    immediate: true,
  })
  const timer = setInterval(redraw, EVERY_MS)
  onScopeDispose(() => clearInterval(timer))
  return lines
}
