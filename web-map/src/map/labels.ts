import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl'
import type { Locale } from '../i18n'
import { isClass } from './ground'
import { PALETTES, type Theme } from './palette'

/** Font lists for labels, drawn from the machine's own fonts. First names must be real families (no "bold"). */
export const FONT = ['Barlow', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'sans-serif']
export const BOLD_FONT = ['Barlow SemiBold', ...FONT.slice(1)]

/** Names of the basemap in the page's language; k is the scale of the page. */
export function labels(theme: Theme, k: number, language: Locale): LayerSpecification[] {
  const p = PALETTES[theme]
  const name: ExpressionSpecification =
    language === 'en' ? ['coalesce', ['get', 'name_en'], ['get', 'name']] : ['get', 'name']
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
      layout: { 'text-field': name, 'text-font': FONT, 'text-size': size * k, ...layout },
      paint: { 'text-color': color, 'text-halo-color': p.halo, 'text-halo-width': 1.6 * k },
    }) as LayerSpecification
  const along = { 'symbol-placement': 'line', 'symbol-spacing': 420 * k, 'text-padding': 10 * k }
  const spaced = {
    'text-font': BOLD_FONT,
    'text-letter-spacing': language === 'en' ? 0.06 : 0.28,
    'text-padding': 4 * k,
  }
  // The same extent has a higher zoom on a larger wall.
  const zoom = (z: number) => z + Math.max(0, Math.log2(k))
  return [
    label(
      'stream-name',
      'water',
      13,
      p.waterText,
      ['all', ofClass('river', 'canal'), ['==', ['geometry-type'], 'LineString']],
      { ...along, 'text-letter-spacing': 0.3 },
      zoom(11),
    ),
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
    label(
      'suburb-name',
      'place',
      14,
      p.districtText,
      ofClass('suburb', 'neighbourhood', 'hamlet'),
      { 'text-padding': 6 * k },
      zoom(13),
    ),
    // Where people are sent first, then the rest when there is room.
    label(
      'landmark-name',
      'poi',
      12,
      p.text,
      ofClass('station', 'airport', 'hospital', 'university', 'mall', 'bus_station', 'government'),
      spot(k),
      zoom(13.5),
    ),
    label(
      'poi-name',
      'poi',
      11,
      p.roadText,
      [
        'all',
        named,
        ['!', isClass('station', 'airport', 'hospital', 'university', 'mall', 'bus_station', 'government')],
      ],
      spot(k),
      zoom(15),
    ),
    // At street level everybody knows the county, and its name would lie over the streets of its town.
    label('town-name', 'place', 19, p.districtText, ofClass('town'), spaced, 0, zoom(11.5)),
    label('city-name', 'place', 24, p.districtText, ofClass('city'), spaced, 0, zoom(11.5)),
  ]
}

/** The name of a place without a mark: right on it, or wherever there is room. */
function spot(k: number): object {
  return { 'text-max-width': 8, 'text-padding': 4 * k }
}
