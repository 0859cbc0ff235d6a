import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl'
import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { del, get, post } from '../../api'

export type Place = [lon: number, lat: number]

/** Roads that nobody gets through, as the server answers. */
export interface Closure {
  id: number
  reason: string
  points: Place[]
  from: string
  until: string | null
  lifted_at: string | null
  mine: boolean
  roads: Place[][]
}

const EVERY_MS = 30_000
const RED = '#ff5a4f'

const line = (coordinates: Place[], kind: string): GeoJSON.Feature => ({
  type: 'Feature',
  properties: { kind },
  geometry: { type: 'LineString', coordinates },
})

function addLayers(map: MapLibre): void {
  map.addSource('closures', { type: 'geojson', data: { type: 'FeatureCollection', features: [] } })
  const layer = (id: string, kind: string, width: number, dash?: number[]) =>
    map.addLayer({
      id,
      type: 'line',
      source: 'closures',
      filter: ['==', ['get', 'kind'], kind],
      layout: { 'line-cap': dash ? 'butt' : 'round' },
      paint: { 'line-color': RED, 'line-width': width, ...(dash ? { 'line-dasharray': dash } : {}) },
    })
  layer('closure-road', 'road', 5, [0.8, 0.6])
  layer('closure-shape', 'shape', 1.5, [4, 2])
  layer('closure-draft', 'draft', 3)
  map.addLayer({
    id: 'closure-corner',
    type: 'circle',
    source: 'closures',
    filter: ['==', ['get', 'kind'], 'corner'],
    paint: {
      'circle-radius': 4,
      'circle-color': '#fff',
      'circle-stroke-color': RED,
      'circle-stroke-width': 2,
    },
  })
}

/** The closed roads of all branches, drawn on a map together with the draft of a new one. */
export function useClosures(map: Readonly<Ref<MapLibre | undefined>>) {
  const list = shallowRef<Closure[]>([])
  const draft = shallowRef<Place[]>([])
  const lifted = shallowRef<Closure | null>(null)

  async function refresh(): Promise<void> {
    try {
      list.value = (await get<{ closures: Closure[] }>('/roads/closures')).closures
    } catch {
      // What was known stays; the next time comes.
    }
  }

  async function add(points: Place[], reason: string, until: Date | null): Promise<void> {
    await post('/roads/closures', { points, reason, ...(until ? { until: until.toISOString() } : {}) })
    await refresh()
  }

  async function lift(closure: Closure): Promise<void> {
    await del(`/roads/closures/${closure.id}`)
    lifted.value = closure
    await refresh()
  }

  async function undo(): Promise<void> {
    if (!lifted.value) return
    await post(`/roads/closures/${lifted.value.id}/restore`, {})
    lifted.value = null
    await refresh()
  }

  function drawAll(): void {
    const source = map.value?.getSource<GeoJSONSource>('closures')
    const features = list.value.flatMap((c) => [
      line(c.points, 'shape'),
      ...c.roads.map((road) => line(road, 'road')),
    ])
    if (draft.value.length > 1) features.push(line(draft.value, 'draft'))
    for (const coordinates of draft.value) {
      features.push({
        type: 'Feature',
        properties: { kind: 'corner' },
        geometry: { type: 'Point', coordinates },
      })
    }
    source?.setData({ type: 'FeatureCollection', features })
  }

  watch(
    map,
    (m) => {
      if (!m) return
      addLayers(m)
      drawAll()
    },
    { immediate: true },
  )
  watch([list, draft], drawAll)
  void refresh()
  const timer = setInterval(refresh, EVERY_MS)
  onScopeDispose(() => clearInterval(timer))
  return { list, draft, lifted, add, lift, undo }
}
