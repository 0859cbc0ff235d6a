import { Marker, type Map as MapLibre } from 'maplibre-gl'
import { onScopeDispose, watch, type ShallowRef } from 'vue'
import { useBoard } from '../../stores/board'
import type { Desk } from '../context'
import { numbered } from './useDeskLines'

const EVERY_MS = 1_000

/** Puts the numbers of the candidates beside their units, and a pin where a new demand points to. */
export function useMarkers(desk: Desk, map: ShallowRef<MapLibre | undefined>): void {
  const board = useBoard()
  let ranks: Marker[] = []
  let pin: Marker | undefined

  function placeRanks(): void {
    ranks.forEach((marker) => marker.remove())
    ranks = []
    if (!map.value || desk.ticket.value?.status === 'offered') return
    for (const candidate of numbered(desk)) {
      const at = board.getPositions().placeOf(candidate.unit_id)
      if (!at) continue
      const element = document.createElement('span')
      element.className = `map-rank${candidate.rank === 1 ? ' map-rank-best' : ''}`
      element.append(document.createTextNode(String(candidate.rank)))
      ranks.push(new Marker({ element, offset: [-19, 0] }).setLngLat(at).addTo(map.value))
    }
  }

  function placePin(): void {
    pin?.remove()
    pin = undefined
    const at = desk.draftPlace.value
    if (!map.value || !at) return
    const element = document.createElement('span')
    element.className = 'map-pin'
    pin = new Marker({ element, anchor: 'bottom' }).setLngLat(at).addTo(map.value)
  }

  watch([map, () => desk.ranking.eligible.value, () => desk.ticket.value?.status], placeRanks)
  watch([map, desk.draftPlace], placePin)
  const timer = setInterval(placeRanks, EVERY_MS)
  onScopeDispose(() => clearInterval(timer))
}
