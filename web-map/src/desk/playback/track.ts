import type { TrackAnswer } from '../shapes'

/** So long after its last point a unit still counts as seen. */
const LATEST_MS = 30_000

/** What a unit did in a span, ready to be asked "where was it at…". All arrays are by time and of equal length. */
export interface Track {
  unitId: number
  callSign: string
  lon: Float64Array
  lat: Float64Array
  /** Unix milliseconds. */
  at: Float64Array
  /** km/h; NaN when unknown. Of a good point of the line it is the mean since the point before. */
  speed: Float64Array
  /** True for points that no line leads over, only a broken one: nobody knows the way to this point. */
  blind: Uint8Array
  doubts: Doubted[]
  stops: Stop[]
  metres: number
  movingS: number
  fixes: number
  topKmh: number | null
}

export interface Doubted {
  lon: number
  lat: number
  at: number
  why: string
}

export interface Stop {
  from: number
  to: number
  lon: number
  lat: number
}

/** Where a unit was at a moment. */
export interface Whereabouts {
  lon: number
  lat: number
  /** Degrees clockwise from north of the way that it went; null while it stood or when nobody knows. */
  headingDeg: number | null
  speedKmh: number | null
  /** `gap`: nobody knows, the place is that of the last point before the silence. `before`, `after`: outside of the track. */
  state: 'seen' | 'gap' | 'before' | 'after'
  /** Unix milliseconds of the last point at or before the moment; of the first one when `before`. */
  fixedAt: number
}

/** Reads the server's answer; doubted points are kept apart, so that the line and the marker never go there. */
export function readTrack(answer: TrackAnswer): Track {
  const good = answer.points.filter((p) => p[4] === null)
  const n = good.length
  const track: Track = {
    unitId: answer.unit_id,
    callSign: answer.call_sign,
    lon: new Float64Array(n),
    lat: new Float64Array(n),
    at: new Float64Array(n),
    speed: new Float64Array(n),
    blind: new Uint8Array(n),
    doubts: answer.points.flatMap(([lon, lat, at, , why]) => (why === null ? [] : [{ lon, lat, at, why }])),
    stops: answer.stops.map((s) => ({ ...s, from: Date.parse(s.from), to: Date.parse(s.to) })),
    metres: answer.metres,
    movingS: answer.moving_s,
    fixes: answer.fixes,
    topKmh: answer.top_kmh,
  }
  good.forEach((p, i) => {
    track.lon[i] = p[0]
    track.lat[i] = p[1]
    track.at[i] = p[2]
    track.speed[i] = p[3] ?? NaN
  })
  markGaps(track, answer)
  return track
}

/** Points after a gap are blind. A simplified line may be without points for long and still be known: only gaps count. */
function markGaps(track: Track, answer: TrackAnswer): void {
  let next = 0
  const gaps = answer.gaps.map((g) => ({ from: Date.parse(g.from), to: Date.parse(g.to) }))
  for (let i = 1; i < track.at.length; i++) {
    while (next < gaps.length && gaps[next]!.to <= track.at[i - 1]!) next++
    const gap = gaps[next]
    if (gap && gap.from >= track.at[i - 1]! - 1000 && gap.to <= track.at[i]! + 1000) track.blind[i] = 1
  }
}

/** Index of the last point at or before the moment, -1 when there is none. */
export function indexAt(at: Float64Array, moment: number): number {
  let low = 0
  let high = at.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (at[middle]! <= moment) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Where the unit was, by the time between the points around the moment; null for a track without points. */
export function placeAt(track: Track, moment: number): Whereabouts | null {
  const { lon, lat, at, speed, blind } = track
  const n = at.length
  if (n === 0) return null
  const i = indexAt(at, moment)
  const known = Math.max(0, i)
  const place = { lon: lon[known]!, lat: lat[known]!, headingDeg: null, speedKmh: null, fixedAt: at[known]! }
  if (i < 0) return { ...place, state: 'before' }
  if (i === n - 1) {
    const ended = moment - at[i]! > LATEST_MS
    if (ended || i === 0) return { ...place, state: ended ? 'after' : 'seen' }
    const last = speed[i]!
    return {
      ...place,
      headingDeg: bearing(track, i - 1, i),
      speedKmh: blind[i] || Number.isNaN(last) ? null : last,
      state: 'seen',
    }
  }
  if (blind[i + 1]) return { ...place, state: moment > at[i]! ? 'gap' : 'seen' }
  const share = (moment - at[i]!) / (at[i + 1]! - at[i]!)
  const next = speed[i + 1]!
  return {
    lon: lon[i]! + (lon[i + 1]! - lon[i]!) * share,
    lat: lat[i]! + (lat[i + 1]! - lat[i]!) * share,
    headingDeg: bearing(track, i, i + 1),
    speedKmh: Number.isNaN(next) ? null : next,
    state: 'seen',
    fixedAt: at[i]!,
  }
}

/** Degrees clockwise from north from point i to k; null when they are the same place. Good for short ways. */
function bearing(track: Track, i: number, k: number): number | null {
  const up = track.lat[k]! - track.lat[i]!
  const across = (track.lon[k]! - track.lon[i]!) * Math.cos((track.lat[i]! * Math.PI) / 180)
  if (Math.hypot(up, across) < 1e-6) return null
  return (Math.atan2(across, up) * (180 / Math.PI) + 360) % 360
}

export type Line = [lon: number, lat: number][]

/** The track cut at its silences: the lines that were driven, and the straight ways over the gaps. */
export function linesOf(track: Track): { driven: Line[]; gaps: Line[] } {
  const driven: Line[] = []
  const gaps: Line[] = []
  let line: Line = []
  for (let i = 0; i < track.at.length; i++) {
    const place: [number, number] = [track.lon[i]!, track.lat[i]!]
    if (track.blind[i]) {
      if (line.length > 1) driven.push(line)
      gaps.push([[track.lon[i - 1]!, track.lat[i - 1]!], place])
      line = []
    }
    line.push(place)
  }
  if (line.length > 1) driven.push(line)
  return { driven, gaps }
}

/** The box around all points of the tracks; null when they have none. */
export function boundsOf(tracks: readonly Track[]): [number, number, number, number] | null {
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const track of tracks) {
    for (let i = 0; i < track.at.length; i++) {
      box[0] = Math.min(box[0], track.lon[i]!)
      box[1] = Math.min(box[1], track.lat[i]!)
      box[2] = Math.max(box[2], track.lon[i]!)
      box[3] = Math.max(box[3], track.lat[i]!)
    }
  }
  return Number.isFinite(box[0]) ? box : null
}
