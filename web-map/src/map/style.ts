import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { Locale } from '../i18n'
import type { Backdrop, Config } from '../wire'
import { foreignStyle } from './foreign'
import { areas, ways } from './ground'
import { labels } from './labels'
import { PALETTES, type Theme } from './palette'

/** What a base style is made for. k is the scale of the page: 1 at 1920x1080, 2 on a 4K wall. */
export interface Look {
  theme: Theme
  k: number
  language: Locale
  /** The map shown instead of the basemap; null = the basemap. */
  backdrop: Backdrop | null
}

/**
 * The style under everything: the basemap, a chosen map of somebody else, or without both a plain grid. There is no
 * glyph or sprite address: labels use local fonts and icons are added while running.
 */
export function baseStyle(config: Config | null, look: Look): StyleSpecification {
  const p = PALETTES[look.theme]
  const ground: LayerSpecification = {
    id: 'ground',
    type: 'background',
    paint: { 'background-color': p.ground },
  }
  if (look.backdrop) return foreignStyle(ground, look.backdrop, look)
  if (!config?.basemap) return gridStyle(ground, p.grid, look.k)
  const tiles = `${location.origin}${config.tiles}?v=${config.basemap.version}`
  return {
    version: 8,
    sources: {
      base: { type: 'vector', tiles: [tiles], minzoom: 0, maxzoom: 14, bounds: config.basemap.bounds },
    },
    layers: [
      ground,
      ...areas(look.theme, look.k),
      ...ways(look.theme, look.k),
      ...labels(look.theme, look.k, look.language),
    ],
  }
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
