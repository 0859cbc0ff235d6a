import type { ExpressionSpecification, GeoJSONSource, Map as MapLibre } from 'maplibre-gl'
import { hasArrived, placeName } from '../tickets'
import type { TicketView } from '../wire'
import { iconName } from './icons'
import { PALETTES, type Theme } from './palette'
import { BOLD_FONT } from './labels'

/** A line from a unit to a ticket; `label` is its chip ("1.3 km · 3 分"), `strong` marks the focused one. */
export interface MapLine {
  from: [lon: number, lat: number]
  to: [lon: number, lat: number]
  label: string
  strong: boolean
  /** The way on roads, from `from` to `to`; a straight line is drawn without it. */
  path?: [lon: number, lat: number][] | undefined
}

/** The layer below all other overlays. */
export const LOWEST = 'line-glow'

const empty: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }

/** Adds the lines; they go below the units. */
export function addLineLayers(map: MapLibre, theme: Theme, k: number): void {
  const p = PALETTES[theme]
  map.addSource('lines', { type: 'geojson', data: empty })
  map.addLayer({
    id: LOWEST,
    type: 'line',
    source: 'lines',
    filter: ['all', ['==', ['geometry-type'], 'LineString'], ['get', 'strong']],
    paint: { 'line-color': p.line, 'line-width': 11 * k, 'line-opacity': 0.3, 'line-blur': 6 * k },
  })
  map.addLayer({
    id: 'line',
    type: 'line',
    source: 'lines',
    filter: ['all', ['==', ['geometry-type'], 'LineString'], ['!', ['get', 'road']]],
    layout: { 'line-cap': 'round' },
    paint: {
      'line-color': ['case', ['get', 'strong'], p.lineFocus, p.line],
      'line-width': ['case', ['get', 'strong'], 3.5 * k, 2 * k],
      'line-opacity': ['case', ['get', 'strong'], 1, 0.55],
      'line-dasharray': [1.6, 1.5],
    },
  })
  map.addLayer({
    id: 'line-road',
    type: 'line',
    source: 'lines',
    filter: ['all', ['==', ['geometry-type'], 'LineString'], ['get', 'road']],
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: {
      'line-color': ['case', ['get', 'strong'], p.lineFocus, p.line],
      'line-width': ['case', ['get', 'strong'], 5 * k, 3 * k],
      'line-opacity': ['case', ['get', 'strong'], 0.95, 0.6],
    },
  })
}

/** A chip hangs at the unit's end of the line, on the side away from the ticket unless that is taken. */
const CHIP_PLACES: ExpressionSpecification = [
  'case',
  ['get', 'north'],
  ['literal', ['bottom', [0, -1.1], 'left', [1.3, 0], 'right', [-1.3, 0], 'top', [0, 1.1]]],
  ['literal', ['top', [0, 1.1], 'left', [1.3, 0], 'right', [-1.3, 0], 'bottom', [0, -1.1]]],
]

/** Adds the tickets and the chips of the lines; they go above the units. */
export function addTicketLayers(map: MapLibre, theme: Theme, k: number): void {
  const p = PALETTES[theme]
  map.addSource('tickets', { type: 'geojson', data: empty })
  // Symbols are placed from the top layer down: the tickets take their room first, then the chips, then the names
  // of the basemap.
  map.addLayer({
    id: 'line-label',
    type: 'symbol',
    source: 'lines',
    filter: ['==', ['geometry-type'], 'Point'],
    layout: {
      'text-field': ['get', 'label'],
      'text-font': BOLD_FONT,
      'text-size': ['case', ['get', 'strong'], 17 * k, 14 * k],
      'icon-image': 'chip',
      'icon-text-fit': 'both',
      'text-variable-anchor-offset': CHIP_PLACES as never,
      'symbol-sort-key': ['case', ['get', 'strong'], 0, 1],
    },
    paint: { 'text-color': p.chipText },
  })
  map.addLayer({
    id: 'ticket',
    type: 'symbol',
    source: 'tickets',
    layout: {
      'icon-image': ['get', 'icon'],
      'icon-size': [
        'case',
        ['get', 'focus'],
        1.05,
        ['match', ['get', 'urgency'], 1, 0.92, 2, 0.8, 3, 0.62, 0.58],
      ],
      'icon-allow-overlap': true,
      'symbol-sort-key': ['get', 'order'],
      'text-field': ['get', 'name'],
      'text-font': BOLD_FONT,
      'text-size': 16 * k,
      'text-variable-anchor': ['left', 'right', 'top', 'bottom'],
      'text-radial-offset': 1.25,
      'text-optional': true,
      'text-justify': 'auto',
    },
    paint: { 'text-color': p.labelText, 'text-halo-color': p.halo, 'text-halo-width': 2 * k },
  })
}

/** Shows these tickets; only the focused one and urgencies 1 and 2 carry their name. */
export function drawTickets(map: MapLibre, tickets: readonly TicketView[], focusId: number | null): void {
  const features = tickets
    .filter((t) => t.lon !== null && t.lat !== null)
    .map((t): GeoJSON.Feature => {
      const focus = t.id === focusId
      const hollow = hasArrived(t)
      return {
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [t.lon!, t.lat!] },
        properties: {
          id: t.id,
          urgency: t.urgency,
          focus,
          icon: iconName(t.urgency, hollow),
          name: focus || t.urgency <= 2 ? placeName(t) : '',
          // Higher is drawn later, on top of the others.
          order: (focus ? 100 : 0) - t.urgency * 10 - (hollow ? 5 : 0),
        },
      }
    })
  show(map, 'tickets', features)
}

/** Shows these lines and their chips. */
export function drawLines(map: MapLibre, lines: readonly MapLine[]): void {
  const features = lines.flatMap((l): GeoJSON.Feature[] => {
    const properties = { strong: l.strong, label: l.label, road: !!l.path, north: l.from[1] > l.to[1] }
    const line: GeoJSON.Feature = {
      type: 'Feature',
      properties,
      geometry: { type: 'LineString', coordinates: l.path ?? [l.to, l.from] },
    }
    if (!l.label) return [line]
    return [line, { type: 'Feature', properties, geometry: { type: 'Point', coordinates: l.from } }]
  })
  show(map, 'lines', features)
}

/** What each source holds, as text. */
const held = new WeakMap<GeoJSONSource, string>()

/** Callers come once a second; the map draws itself anew only when something is different. */
function show(map: MapLibre, id: string, features: GeoJSON.Feature[]): void {
  const source = map.getSource<GeoJSONSource>(id)
  const text = JSON.stringify(features)
  if (!source || held.get(source) === text) return
  held.set(source, text)
  source.setData({ type: 'FeatureCollection', features })
}
