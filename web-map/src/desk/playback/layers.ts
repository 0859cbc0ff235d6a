import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl'
import { iconName } from '../../map/icons'
import { PALETTES } from '../../map/palette'
import { BOLD_FONT } from '../../map/labels'
import type { Scene } from '../shapes'
import { linesOf, type Whereabouts } from './track'
import type { Loaded } from './useTracks'

/** How the lines of the chosen units differ: a colour and a pattern each, so that neither is needed alone. */
export const STYLES: readonly { color: string; dash: number[] }[] = [
  { color: '#5ab8ff', dash: [] },
  { color: '#ffb84d', dash: [4, 1.2] },
  { color: '#ff8fd0', dash: [1.2, 1.2] },
  { color: '#7be08a', dash: [6, 1.2, 1.2, 1.2] },
  { color: '#c9a6ff', dash: [2.4, 2.4] },
  { color: '#f2f2f2', dash: [8, 1.2, 1.2, 1.2, 1.2, 1.2] },
]

const WIDTH = 3.4
const empty: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }
const dark = PALETTES.dark
const halo = { 'text-halo-color': dark.halo, 'text-halo-width': 2 }
const bold = { 'text-font': BOLD_FONT, 'text-size': 14 }

/** Adds everything that the page draws, empty. */
export function addPlaybackLayers(map: MapLibre): void {
  for (const id of ['tracks', 'stops', 'doubts', 'heads', 'scene']) {
    map.addSource(id, { type: 'geojson', data: empty })
  }
  addArrow(map)
  STYLES.forEach(({ color, dash }, style) => {
    map.addLayer({
      id: `track-${style}`,
      type: 'line',
      source: 'tracks',
      filter: ['all', ['==', ['get', 'style'], style], ['!', ['get', 'gap']]],
      layout: { 'line-join': 'round' },
      paint: {
        'line-color': color,
        'line-width': WIDTH,
        ...(dash.length > 0 ? { 'line-dasharray': dash } : {}),
      },
    })
  })
  map.addLayer({
    id: 'track-gap',
    type: 'line',
    source: 'tracks',
    filter: ['get', 'gap'],
    paint: {
      'line-color': ['get', 'color'],
      'line-width': 1.2,
      'line-opacity': 0.6,
      'line-dasharray': [1, 5],
    },
  })
  addPoints(map)
}

function addPoints(map: MapLibre): void {
  map.addLayer({
    id: 'stop',
    type: 'circle',
    source: 'stops',
    paint: {
      'circle-radius': ['case', ['get', 'focus'], 9, 5.5],
      'circle-color': dark.ground,
      'circle-stroke-color': ['get', 'color'],
      'circle-stroke-width': ['case', ['get', 'focus'], 4, 2.5],
    },
  })
  map.addLayer({
    id: 'doubt',
    type: 'symbol',
    source: 'doubts',
    layout: { 'text-field': '×', 'text-font': BOLD_FONT, 'text-size': 18, 'text-allow-overlap': true },
    paint: { 'text-color': '#ff6a60', 'text-halo-color': dark.halo, 'text-halo-width': 1.5 },
  })
  map.addLayer({
    id: 'scene-ticket',
    type: 'symbol',
    source: 'scene',
    filter: ['==', ['get', 'what'], 'ticket'],
    layout: { 'icon-image': ['get', 'icon'], 'icon-size': 0.62, 'icon-allow-overlap': true },
  })
  for (const source of ['scene', 'heads']) {
    const chosen = source === 'heads'
    map.addLayer({
      id: `${source}-unit`,
      type: 'symbol',
      source,
      filter: ['==', ['get', 'what'], 'unit'],
      layout: {
        ...bold,
        'text-size': chosen ? 15 : 12,
        'icon-image': ['get', 'icon'],
        'icon-size': chosen ? 1 : 0.62,
        'icon-rotate': ['get', 'heading'],
        'icon-rotation-alignment': 'map',
        'icon-allow-overlap': true,
        'text-field': ['get', 'name'],
        'text-variable-anchor': ['left', 'right', 'top', 'bottom'],
        'text-radial-offset': chosen ? 1.1 : 0.8,
        'text-optional': true,
      },
      paint: {
        ...halo,
        'text-color': chosen ? ['get', 'color'] : dark.text,
        'icon-opacity': ['get', 'opacity'],
        'text-opacity': ['get', 'opacity'],
      },
    })
  }
}

/** The sign of a unit: an arrow while it moves, a disc while it stands, a ring when nobody knows. */
const SIGNS = ['arrow', 'disc', 'ring'] as const

function addArrow(map: MapLibre): void {
  const colors = ['#8fb4dd', ...STYLES.map((s) => s.color)]
  colors.forEach((color, i) => {
    for (const sign of SIGNS) map.addImage(`unit-${i}-${sign}`, drawSign(sign, color), { pixelRatio: 2 })
  })
}

function drawSign(sign: (typeof SIGNS)[number], color: string): ImageData {
  const size = 56
  const canvas = Object.assign(document.createElement('canvas'), { width: size, height: size })
  const pen = canvas.getContext('2d')!
  pen.translate(size / 2, size / 2)
  pen.lineJoin = 'round'
  pen.beginPath()
  if (sign === 'arrow') {
    for (const [x, y] of [[0, -22], [16, 18], [0, 10], [-16, 18]]) pen.lineTo(x!, y!) // prettier-ignore
    pen.closePath()
  } else pen.arc(0, 0, 14, 0, 7)
  pen.lineWidth = 8
  pen.strokeStyle = dark.halo
  pen.stroke()
  pen.fillStyle = sign === 'ring' ? dark.ground : color
  pen.fill()
  if (sign === 'ring') {
    pen.lineWidth = 5
    pen.strokeStyle = color
    pen.stroke()
  }
  return pen.getImageData(0, 0, size, size)
}

function set(map: MapLibre, source: string, features: GeoJSON.Feature[]): void {
  map.getSource<GeoJSONSource>(source)?.setData({ type: 'FeatureCollection', features })
}

const point = (lon: number, lat: number, properties: object): GeoJSON.Feature => ({
  type: 'Feature',
  geometry: { type: 'Point', coordinates: [lon, lat] },
  properties,
})

/** Draws the whole lines, the stops and the doubted points. */
export function drawTracks(map: MapLibre, loaded: readonly Loaded[], focus: string): void {
  const lines: GeoJSON.Feature[] = []
  const stops: GeoJSON.Feature[] = []
  const doubts: GeoJSON.Feature[] = []
  for (const { track, style, unitId } of loaded) {
    if (!track) continue
    const { color } = STYLES[style]!
    const { driven, gaps } = linesOf(track)
    const add = (coordinates: GeoJSON.Position[], gap: boolean) =>
      lines.push({
        type: 'Feature',
        geometry: { type: 'LineString', coordinates },
        properties: { style, color, gap },
      })
    driven.forEach((line) => add(line, false))
    gaps.forEach((line) => add(line, true))
    track.stops.forEach((s) =>
      stops.push(point(s.lon, s.lat, { color, focus: focus === `${unitId}/${s.from}` })),
    )
    track.doubts.forEach((d) => doubts.push(point(d.lon, d.lat, { why: d.why })))
  }
  set(map, 'tracks', lines)
  set(map, 'stops', stops)
  set(map, 'doubts', doubts)
}

/** Draws the chosen units where they were. */
export function drawHeads(map: MapLibre, heads: readonly { entry: Loaded; place: Whereabouts }[]): void {
  const features = heads.map(({ entry, place }) => {
    const sign = place.state !== 'seen' ? 'ring' : place.headingDeg === null ? 'disc' : 'arrow'
    return point(place.lon, place.lat, {
      what: 'unit',
      icon: `unit-${entry.style + 1}-${sign}`,
      heading: place.headingDeg ?? 0,
      name: entry.callSign,
      color: STYLES[entry.style]!.color,
      opacity: place.state === 'seen' ? 1 : 0.7,
    })
  })
  set(map, 'heads', features)
}

/** Draws all units and tickets of a moment, without the chosen units, which have their own signs. */
export function drawScene(map: MapLibre, scene: Scene | null, chosen: ReadonlySet<number>): void {
  const units = (scene?.units ?? []).flatMap((u) => {
    if (u.lon === null || u.lat === null || chosen.has(u.unit_id)) return []
    const moving = u.heading_deg !== null && (u.speed_kmh ?? 0) >= 3
    const sign = u.freshness === 'stale' || u.freshness === 'lost' ? 'ring' : moving ? 'arrow' : 'disc'
    return [
      point(u.lon, u.lat, {
        what: 'unit',
        icon: `unit-0-${sign}`,
        heading: moving ? u.heading_deg : 0,
        name: u.call_sign,
        opacity: u.freshness === 'live' ? 1 : 0.7,
      }),
    ]
  })
  const tickets = (scene?.tickets ?? []).flatMap((t) => {
    if (t.lon === null || t.lat === null) return []
    const there = t.status === 'on_scene' || t.status === 'reporting'
    return [point(t.lon, t.lat, { what: 'ticket', icon: iconName(t.urgency, there), title: t.title })]
  })
  set(map, 'scene', [...units, ...tickets])
}
