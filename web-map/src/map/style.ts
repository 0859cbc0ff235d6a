import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { Config } from '../wire'
import { PALETTES, type Theme } from './palette'

/** Font lists for labels, drawn from the machine's own fonts. First names must be real families (no "bold"). */
export const FONT = ['Barlow', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'sans-serif']
export const BOLD_FONT = ['Barlow SemiBold', ...FONT.slice(1)]

/** Line width by zoom: pairs of zoom and pixels, scaled by k. */
function width(k: number, ...stops: number[]): ExpressionSpecification {
  const scaled = stops.map((v, i) => (i % 2 ? v * k : v))
  return ['interpolate', ['exponential', 1.5], ['zoom'], ...scaled] as unknown as ExpressionSpecification
}

const isClass = (...names: string[]): ExpressionSpecification => ['in', ['get', 'class'], ['literal', names]]

/**
 * The basemap's style. k is the scale of the page (1 at 1920x1080, 2 on a 4K wall). There is no glyph or sprite
 * address: labels use local fonts and icons are added while running. Without a basemap there is a plain grid.
 */
export function baseStyle(config: Config | null, theme: Theme, k: number): StyleSpecification {
  const p = PALETTES[theme]
  const ground: LayerSpecification = {
    id: 'ground',
    type: 'background',
    paint: { 'background-color': p.ground },
  }
  if (!config?.basemap) return gridStyle(ground, p.grid, k)
  const tiles = `${location.origin}${config.tiles}?v=${config.basemap.version}`
  return {
    version: 8,
    sources: {
      base: { type: 'vector', tiles: [tiles], minzoom: 0, maxzoom: 14, bounds: config.basemap.bounds },
    },
    layers: [ground, ...areas(theme, k), ...roads(theme, k), ...labels(theme, k)],
  }
}

function areas(theme: Theme, k: number): LayerSpecification[] {
  const p = PALETTES[theme]
  const polygon: ExpressionSpecification = ['==', ['geometry-type'], 'Polygon']
  const stream: ExpressionSpecification = [
    'all',
    ['==', ['geometry-type'], 'LineString'],
    ['!=', ['get', 'class'], 'river-label'],
  ]
  const base = { source: 'base' } as const
  return [
    { ...base, id: 'built', type: 'fill', 'source-layer': 'building', paint: { 'fill-color': p.built } },
    { ...base, id: 'green', type: 'fill', 'source-layer': 'green', paint: { 'fill-color': p.green } },
    {
      ...base,
      id: 'stream',
      type: 'line',
      'source-layer': 'water',
      filter: stream,
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': p.water, 'line-width': width(k, 9, 1.2, 13, 4, 16, 14) },
    },
    {
      ...base,
      id: 'water',
      type: 'fill',
      'source-layer': 'water',
      filter: polygon,
      paint: { 'fill-color': p.water, 'fill-outline-color': p.shore },
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

function labels(theme: Theme, k: number): LayerSpecification[] {
  const p = PALETTES[theme]
  const named: ExpressionSpecification = ['!=', ['coalesce', ['get', 'name'], ''], '']
  const ofClass = (...names: string[]): ExpressionSpecification => ['all', named, isClass(...names)]
  const label = (
    id: string,
    layer: string,
    size: number,
    color: string,
    filter: ExpressionSpecification,
    layout: object = {},
    minzoom = 0,
    maxzoom = 24,
  ) =>
    ({
      id,
      type: 'symbol',
      source: 'base',
      'source-layer': layer,
      filter,
      minzoom,
      maxzoom,
      layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': size * k, ...layout },
      paint: { 'text-color': color, 'text-halo-color': p.halo, 'text-halo-width': 1.6 * k },
    }) as LayerSpecification
  const along = { 'symbol-placement': 'line', 'symbol-spacing': 420 * k, 'text-padding': 10 * k }
  const spaced = { 'text-font': BOLD_FONT, 'text-letter-spacing': 0.28, 'text-padding': 4 * k }
  // The same extent has a higher zoom on a larger wall.
  const zoom = (z: number) => z + Math.max(0, Math.log2(k))
  return [
    label('river-name', 'water', 15, p.waterText, ofClass('river-label'), {
      ...along,
      'text-letter-spacing': 0.5,
    }),
    // A lake is cut by tiles and named in each: the padding keeps one name.
    label('lake-name', 'water', 15, p.waterText, ofClass('lake'), { 'text-padding': 160 * k }, zoom(10)),
    label('road-name-small', 'road', 12, p.roadText, ofClass('secondary', 'tertiary'), along, zoom(13)),
    label('road-name', 'road', 13, p.roadText, ofClass('motorway', 'trunk', 'primary'), along, zoom(10)),
    label(
      'village-name',
      'place',
      13,
      p.text,
      ofClass('village', 'bridge'),
      { 'text-padding': 6 * k },
      zoom(12),
    ),
    label('township-name', 'place', 16, p.districtText, ofClass('township'), spaced, zoom(9), zoom(14)),
    // At street level everybody knows the county, and its name would lie over the streets of its town.
    label('town-name', 'place', 19, p.districtText, ofClass('town'), spaced, 0, zoom(11.5)),
  ]
}

/** Meridians and parallels every tenth of a degree: something to hold on to when there is no basemap. */
function gridStyle(ground: LayerSpecification, color: string, k: number): StyleSpecification {
  const lines: [number, number][][] = []
  for (let lon = 730; lon <= 1360; lon++) lines.push([[lon / 10, 17], [lon / 10, 54]]) // prettier-ignore
  for (let lat = 170; lat <= 540; lat++) lines.push([[73, lat / 10], [136, lat / 10]]) // prettier-ignore
  return {
    version: 8,
    sources: {
      grid: {
        type: 'geojson',
        data: { type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates: lines } },
      },
    },
    layers: [
      ground,
      {
        id: 'grid',
        type: 'line',
        source: 'grid',
        minzoom: 6,
        paint: { 'line-color': color, 'line-width': k },
      },
    ],
  }
}
