import type { ExpressionSpecification, Map as MapLibre } from 'maplibre-gl'
import { BOLD_FONT } from '../../../map/labels'
import { PALETTES } from '../../../map/palette'
import type { Place } from './draft'
import { labelPlace, type Shape } from './shape'

const p = PALETTES.dark
/** Nobody is responsible; two are. */
const GAP = '#ff6a60'
const OVERLAP = '#ff9e2c'
const COLOURS: Record<Shape['kind'], string> = {
  fence: p.line,
  area: p.line,
  division: p.districtText,
  gap: GAP,
  overlap: OVERLAP,
}

const is = (...kinds: string[]): ExpressionSpecification => ['in', ['get', 'kind'], ['literal', kinds]]
const strong = ['boolean', ['get', 'strong'], false] as ExpressionSpecification
const colour = ['get', 'colour'] as ExpressionSpecification

/** Fills, borders and names of the shapes of a map, from its source "shapes". */
export function addShapeLayers(m: MapLibre): void {
  m.addSource('shapes', { type: 'geojson', data: { type: 'FeatureCollection', features: [] } })
  m.addLayer({
    id: 'shape-fill',
    type: 'fill',
    source: 'shapes',
    filter: is('fence', 'area', 'gap', 'overlap', 'draft'),
    paint: {
      'fill-color': colour,
      'fill-opacity': ['case', is('gap', 'overlap'), 0.45, strong, 0.3, 0.13],
    },
  })
  m.addLayer({
    id: 'shape-division',
    type: 'line',
    source: 'shapes',
    filter: is('division'),
    paint: { 'line-color': colour, 'line-width': 1.2, 'line-dasharray': [5, 2, 1, 2] },
  })
  m.addLayer({
    id: 'shape-line',
    type: 'line',
    source: 'shapes',
    filter: is('fence', 'area', 'gap', 'overlap', 'draft'),
    paint: {
      'line-color': ['case', strong, p.lineFocus, colour],
      'line-width': ['case', strong, 3, is('gap', 'overlap'), 1, 2],
    },
  })
  const name = (id: string, kinds: string[], size: number, ink: string) =>
    m.addLayer({
      id,
      type: 'symbol',
      source: 'shapes',
      filter: ['all', ['==', ['geometry-type'], 'Point'], is(...kinds)],
      layout: {
        'text-field': ['get', 'name'],
        'text-font': BOLD_FONT,
        'text-size': size,
        'text-padding': 6,
        'text-max-width': 12,
      },
      paint: { 'text-color': ink, 'text-halo-color': p.halo, 'text-halo-width': 2 },
    })
  name('shape-division-name', ['division'], 12, p.districtText)
  name('shape-name', ['fence', 'area', 'draft'], 15, p.labelText)
}

/** What the map draws: each shape, its name at a place of its own (that of an area would be repeated in every tile), the draft. */
export function featuresOf(
  shapes: readonly Shape[],
  chosen: number | null,
  ring: Place[] | null,
): GeoJSON.FeatureCollection {
  const features = shapes.flatMap((s): GeoJSON.Feature[] => {
    const properties = {
      id: s.id,
      kind: s.kind,
      name: s.name,
      colour: s.colour ?? COLOURS[s.kind],
      strong: s.id !== 0 && s.id === chosen,
    }
    const at = s.name ? labelOf(s) : null
    const shape = { type: 'MultiPolygon', coordinates: s.polygons } as const
    return [
      { type: 'Feature', properties, geometry: shape },
      ...(at ? [{ type: 'Feature', properties, geometry: { type: 'Point', coordinates: at } } as const] : []),
    ]
  })
  if (ring) {
    features.push({
      type: 'Feature',
      properties: { kind: 'draft', colour: p.line, strong: true },
      geometry: { type: 'Polygon', coordinates: [ring] },
    })
  }
  return { type: 'FeatureCollection', features }
}

const labels = new WeakMap<object, Place | null>()

function labelOf(s: Shape): Place | null {
  const known = labels.get(s.polygons)
  if (known !== undefined) return known
  const at = labelPlace(s.polygons)
  labels.set(s.polygons, at)
  return at
}
