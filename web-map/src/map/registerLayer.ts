import type { ExpressionSpecification, Map as MapLibre } from 'maplibre-gl'
import type { Config } from '../wire'
import { BOLD_FONT, FONT } from './labels'
import { LOWEST } from './overlays'
import { PALETTES, type Theme } from './palette'

const LAYERS = ['shop-cluster', 'shop-count', 'shop', 'shop-name']

/** Takes the register from the map, if it is there. */
export function hideRegister(map: MapLibre): void {
  for (const id of LAYERS) if (map.getLayer(id)) map.removeLayer(id)
  if (map.getSource('register')) map.removeSource('register')
}

/** How the licences are called that are not simply valid, in the page's language. */
export type ShopStates = Record<'suspended' | 'renewing' | 'expired', string>

/**
 * Lays the register on the map: counts at low zooms, shops when near, with their names and, where the licence is not
 * simply valid, hollow and with its state. It goes below everything live.
 */
export function showRegister(
  map: MapLibre,
  config: Config,
  theme: Theme,
  k: number,
  states: ShopStates,
): void {
  if (map.getSource('register')) return
  const p = PALETTES[theme]
  const { tiles, single, version } = config.register
  map.addSource('register', {
    type: 'vector',
    tiles: [`${location.origin}${tiles}?v=${version}`],
    minzoom: 0,
    maxzoom: single,
  })
  const named = Object.entries(states).flatMap(([code, text]) => [code, `\n${text}`])
  const state = ['match', ['get', 'status'], ...named, ''] as unknown as ExpressionSpecification
  const many: ExpressionSpecification = ['has', 'n']
  const from = { source: 'register', 'source-layer': 'shop' } as const
  const add = (layer: Parameters<MapLibre['addLayer']>[0]) => map.addLayer(layer, LOWEST)
  add({
    ...from,
    id: 'shop-cluster',
    type: 'circle',
    filter: many,
    paint: {
      'circle-color': p.shop,
      'circle-opacity': 0.25,
      'circle-stroke-color': p.shop,
      'circle-stroke-width': k,
      'circle-stroke-opacity': 0.6,
      // Seven pixels for one, 24 for ten thousand and more.
      'circle-radius': ['interpolate', ['linear'], ['log10', ['get', 'n']], 0, 7 * k, 4, 24 * k],
    },
  })
  add({
    ...from,
    id: 'shop-count',
    type: 'symbol',
    filter: ['all', many, ['>', ['get', 'n'], 1]],
    layout: {
      'text-field': ['number-format', ['get', 'n'], { locale: 'en' }],
      'text-font': BOLD_FONT,
      'text-size': 12 * k,
    },
    paint: { 'text-color': p.labelText, 'text-halo-color': p.halo, 'text-halo-width': 1.2 * k },
  })
  add({
    ...from,
    id: 'shop',
    type: 'circle',
    filter: ['!', many],
    paint: {
      'circle-color': ['match', ['get', 'status'], 'valid', p.shop, p.halo],
      'circle-radius': ['interpolate', ['linear'], ['zoom'], 14, 3 * k, 18, 6 * k],
      'circle-stroke-color': ['match', ['get', 'status'], 'valid', p.halo, p.shop],
      'circle-stroke-width': k,
    },
  })
  add({
    ...from,
    id: 'shop-name',
    type: 'symbol',
    minzoom: 15.5,
    filter: ['!', many],
    layout: {
      'text-field': ['format', ['get', 'name'], {}, state, { 'font-scale': 0.85 }],
      'text-font': FONT,
      'text-size': 12 * k,
      'text-variable-anchor': ['left', 'right', 'top', 'bottom'],
      'text-radial-offset': 0.7,
      'text-justify': 'auto',
    },
    paint: { 'text-color': p.shop, 'text-halo-color': p.halo, 'text-halo-width': 1.4 * k },
  })
}
