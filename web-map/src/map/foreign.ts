import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { Backdrop } from '../wire'
import { width } from './ground'
import { BOLD_FONT, FONT } from './labels'
import { PALETTES } from './palette'
import type { Look } from './style'

const absolute = (address: string) =>
  address.startsWith('/') ? new URL(address, location.origin).href.replace(/%7B(\w)%7D/g, '{$1}') : address

/** A map of somebody else: its pictures one above the other, or its vector tiles in our colours. */
export function foreignStyle(ground: LayerSpecification, map: Backdrop, look: Look): StyleSpecification {
  const zooms = { minzoom: map.min_zoom, maxzoom: map.max_zoom }
  if (map.vector) {
    const tiles = map.layers[0]!.map(absolute)
    return {
      version: 8,
      sources: { base: { type: 'vector', tiles, ...zooms } },
      layers: [ground, ...vectorLayers(map.schema, look)],
    }
  }
  // A light picture would outshine what lies above it on a dark page.
  const paint =
    look.theme === 'dark' && !map.dark
      ? { 'raster-brightness-max': 0.55, 'raster-saturation': -0.6, 'raster-contrast': 0.1 }
      : {}
  const named = map.layers.map((tiles, i) => ({ id: `picture-${i}`, tiles: tiles.map(absolute) }))
  return {
    version: 8,
    sources: Object.fromEntries(
      named.map(({ id, tiles }) => [id, { type: 'raster', tiles, tileSize: map.tile_size, ...zooms }]),
    ),
    layers: [
      ground,
      ...named.map(({ id }): LayerSpecification => ({ id, type: 'raster', source: id, paint })),
    ],
  }
}

/** How two well-known schemas name what is drawn: source layers, the property with the class, and the classes. */
const SCHEMAS = {
  protomaps: {
    kind: 'kind',
    roads: 'roads',
    major: ['highway', 'major_road'],
    middle: ['medium_road'],
    minor: ['minor_road'],
    green: ['landuse', ['park', 'forest', 'wood', 'grass', 'nature_reserve', 'golf_course', 'cemetery']],
    buildings: 'buildings',
    places: 'places',
    english: 'name:en',
  },
  openmaptiles: {
    kind: 'class',
    roads: 'transportation',
    major: ['motorway', 'trunk', 'primary'],
    middle: ['secondary', 'tertiary'],
    minor: ['minor', 'service'],
    green: ['landcover', ['wood', 'grass', 'forest', 'park']],
    buildings: 'building',
    places: 'place',
    english: 'name:en',
  },
} as const

function vectorLayers(schema: Backdrop['schema'], { theme, k, language }: Look): LayerSpecification[] {
  const s = SCHEMAS[schema || 'protomaps']
  const p = PALETTES[theme]
  const isKind = (names: readonly string[]): ExpressionSpecification => [
    'in',
    ['get', s.kind],
    ['literal', [...names]],
  ]
  const fill = (id: string, layer: string, color: string, filter?: ExpressionSpecification) =>
    ({
      id,
      type: 'fill',
      source: 'base',
      'source-layer': layer,
      ...(filter && { filter }),
      paint: { 'fill-color': color },
    }) as LayerSpecification
  const road = (id: string, kinds: readonly string[], color: string, stops: number[]) =>
    ({
      id,
      type: 'line',
      source: 'base',
      'source-layer': s.roads,
      filter: isKind(kinds),
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': color, 'line-width': width(k, ...stops) },
    }) as LayerSpecification
  const zh: ExpressionSpecification = ['coalesce', ['get', 'name:zh'], ['get', 'name']]
  return [
    fill('green', s.green[0], p.green, isKind(s.green[1])),
    fill('water', 'water', p.water, ['==', ['geometry-type'], 'Polygon']),
    fill('house', s.buildings, p.house),
    road('road-minor', s.minor, p.minor, [11, 0.5, 13, 1.6, 16, 7]),
    road('road-middle', s.middle, p.secondary, [9, 0.6, 12, 1.6, 16, 10]),
    road('road-major', s.major, p.trunk, [8, 1, 12, 3, 16, 16]),
    {
      id: 'place-name',
      type: 'symbol',
      source: 'base',
      'source-layer': s.places,
      layout: {
        'text-field': language === 'en' ? ['coalesce', ['get', s.english], zh] : zh,
        'text-font': theme === 'dark' ? BOLD_FONT : FONT,
        'text-size': 14 * k,
      },
      paint: { 'text-color': p.text, 'text-halo-color': p.halo, 'text-halo-width': 1.6 * k },
    },
  ]
}
