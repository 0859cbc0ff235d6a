import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl'
import { PALETTES, type Theme } from './palette'

/** Line width by zoom: pairs of zoom and pixels, scaled by k. */
export function width(k: number, ...stops: number[]): ExpressionSpecification {
  const scaled = stops.map((v, i) => (i % 2 ? v * k : v))
  return ['interpolate', ['exponential', 1.5], ['zoom'], ...scaled] as unknown as ExpressionSpecification
}

export const isClass = (...names: string[]): ExpressionSpecification => [
  'in',
  ['get', 'class'],
  ['literal', names],
]

const polygon: ExpressionSpecification = ['==', ['geometry-type'], 'Polygon']
const base = { source: 'base' } as const

/** What lies on the ground, the lowest first; k is the scale of the page. */
export function areas(theme: Theme, k: number): LayerSpecification[] {
  const p = PALETTES[theme]
  const stream: ExpressionSpecification = [
    'all',
    ['==', ['geometry-type'], 'LineString'],
    ['!=', ['get', 'class'], 'river-label'],
  ]
  return [
    {
      ...base,
      id: 'land',
      type: 'fill',
      'source-layer': 'land',
      paint: { 'fill-color': ['match', ['get', 'class'], 'residential', p.built, p.grounds] },
    },
    {
      ...base,
      id: 'built',
      type: 'fill',
      'source-layer': 'building',
      filter: isClass('builtup'),
      paint: { 'fill-color': p.built },
    },
    { ...base, id: 'green', type: 'fill', 'source-layer': 'green', paint: { 'fill-color': p.green } },
    {
      ...base,
      id: 'stream',
      type: 'line',
      'source-layer': 'water',
      filter: stream,
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: {
        'line-color': p.water,
        'line-width': [
          'interpolate',
          ['exponential', 1.5],
          ['zoom'],
          9,
          ['match', ['get', 'class'], ['stream', 'canal'], 0.5 * k, 1.2 * k],
          13,
          ['match', ['get', 'class'], 'stream', 1 * k, 'canal', 2 * k, 4 * k],
          16,
          ['match', ['get', 'class'], 'stream', 3 * k, 'canal', 6 * k, 14 * k],
        ],
      },
    },
    {
      ...base,
      id: 'water',
      type: 'fill',
      'source-layer': 'water',
      filter: polygon,
      paint: { 'fill-color': p.water, 'fill-outline-color': p.shore },
    },
    {
      ...base,
      id: 'house',
      type: 'fill',
      'source-layer': 'building',
      minzoom: 13.5,
      filter: ['!', isClass('builtup')],
      paint: { 'fill-color': p.house },
    },
  ]
}

/** Ways for feet, rails and roads. */
export function ways(theme: Theme, k: number): LayerSpecification[] {
  const p = PALETTES[theme]
  return [
    {
      ...base,
      id: 'path',
      type: 'line',
      'source-layer': 'path',
      minzoom: 13,
      filter: ['!', isClass('runway', 'taxiway')],
      layout: { 'line-join': 'round' },
      paint: { 'line-color': p.path, 'line-width': width(k, 13, 0.5, 16, 2, 18, 4) },
    },
    {
      ...base,
      id: 'runway',
      type: 'line',
      'source-layer': 'path',
      filter: isClass('runway', 'taxiway'),
      paint: {
        'line-color': p.path,
        'line-width': [
          'interpolate',
          ['exponential', 2],
          ['zoom'],
          11,
          ['match', ['get', 'class'], 'runway', 1.5 * k, 0.5 * k],
          16,
          ['match', ['get', 'class'], 'runway', 30 * k, 10 * k],
        ],
      },
    },
    ...rails(theme, k),
    ...roads(theme, k),
  ]
}

function rails(theme: Theme, k: number): LayerSpecification[] {
  const p = PALETTES[theme]
  return [
    {
      ...base,
      id: 'subway',
      type: 'line',
      'source-layer': 'rail',
      minzoom: 11,
      filter: isClass('subway', 'tram'),
      paint: {
        'line-color': p.rail,
        'line-width': width(k, 11, 0.8, 16, 2),
        'line-dasharray': [3, 2],
        'line-opacity': 0.7,
      },
    },
    {
      ...base,
      id: 'rail',
      type: 'line',
      'source-layer': 'rail',
      filter: isClass('rail', 'siding'),
      paint: { 'line-color': p.rail, 'line-width': width(k, 8, 0.6, 13, 1.4, 16, 3) },
    },
    {
      ...base,
      id: 'rail-ties',
      type: 'line',
      'source-layer': 'rail',
      minzoom: 13,
      filter: isClass('rail'),
      paint: { 'line-color': p.ground, 'line-width': width(k, 13, 0.7, 16, 1.6), 'line-dasharray': [5, 5] },
    },
  ]
}

function roads(theme: Theme, k: number): LayerSpecification[] {
  const p = PALETTES[theme]
  const line = (id: string, color: string, stops: number[], extra: number, classes: string[], minzoom = 0) =>
    ({
      id,
      type: 'line',
      source: 'base',
      'source-layer': 'road',
      minzoom,
      filter: isClass(...classes),
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: {
        'line-color': color,
        'line-width': width(k, ...stops.map((v, i) => (i % 2 ? v + extra : v))),
      },
    }) as LayerSpecification
  const minor = [11, 0.5, 13, 1.6, 16, 7]
  const secondary = [9, 0.6, 12, 1.6, 16, 10]
  const primary = [9, 0.9, 12, 2.4, 16, 13]
  const trunk = [8, 1, 12, 3, 16, 16]
  return [
    line('road-minor', p.minor, minor, 0, ['residential', 'tertiary', 'service', 'unclassified'], 11),
    line('road-secondary', p.secondary, secondary, 0, ['secondary'], 9),
    line('road-primary-casing', p.casing, primary, 1.6, ['primary']),
    line('road-trunk-casing', p.casing, trunk, 1.6, ['trunk', 'motorway']),
    line('road-primary', p.primary, primary, 0, ['primary']),
    line('road-trunk', p.trunk, trunk, 0, ['trunk', 'motorway']),
    {
      id: 'district-line',
      type: 'line',
      source: 'base',
      'source-layer': 'district',
      filter: ['!', isClass('squad')],
      paint: {
        'line-color': p.district,
        'line-width': ['match', ['get', 'class'], 'township', 0.8 * k, 1.4 * k],
        'line-dasharray': [3, 2, 1, 2],
        'line-opacity': 0.75,
      },
    },
  ]
}
