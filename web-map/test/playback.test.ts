import { describe, expect, it } from 'vitest'
import { hours, keyed, momentOf, ticksOf, timeOf } from '../src/desk/playback/axis'
import { coverOf } from '../src/desk/playback/cover'
import { readQuery, spanOf, spanQuery, writeQuery } from '../src/desk/playback/query'
import { indexAt, linesOf, placeAt, readTrack } from '../src/desk/playback/track'
import type { TrackAnswer, TrackPoint } from '../src/desk/shapes'

const T0 = Date.parse('2026-11-22T00:00:00Z')
const MINUTE = 60_000
const iso = (minutes: number) => new Date(T0 + minutes * MINUTE).toISOString()

function answer(points: TrackPoint[], gaps: [number, number][] = []): TrackAnswer {
  return {
    unit_id: 12,
    call_sign: '云稽12',
    from: iso(0),
    to: iso(600),
    points,
    stops: [{ from: iso(1), to: iso(9), lon: 114.5, lat: 29.9 }],
    gaps: gaps.map(([from, to]) => ({ from: iso(from), to: iso(to) })),
    fixes: points.length,
    metres: 1000,
    moving_s: 60,
    top_kmh: null,
  }
}
const at = (minutes: number) => T0 + minutes * MINUTE
const good = (minutes: number, lon: number, lat: number, speed: number | null = null): TrackPoint => [
  lon,
  lat,
  at(minutes),
  speed,
  null,
]

describe('a track', () => {
  const track = readTrack(
    answer(
      [
        good(0, 114, 29),
        good(10, 115, 29, 60),
        [140, 60, at(11), 300, 'jump'],
        good(20, 115, 30, 30),
        good(60, 116, 30),
        good(70, 116, 30, 0),
      ],
      [[20, 60]],
    ),
  )

  it('keeps what is doubted off the line', () => {
    expect(track.at.length).toBe(5)
    expect(track.doubts).toEqual([{ lon: 140, lat: 60, at: at(11), why: 'jump' }])
    expect(track.stops[0]!.from).toBe(at(1))
  })

  it('places a unit by the time between two points, also over long simplified ways', () => {
    const half = placeAt(track, at(2.5))!
    expect(half.lon).toBeCloseTo(114.25, 9)
    expect(half).toMatchObject({ lat: 29, state: 'seen', speedKmh: 60, fixedAt: at(0) })
    expect(half.headingDeg).toBeCloseTo(90, 6)
    expect(placeAt(track, at(15))!.headingDeg).toBeCloseTo(0, 6)
    expect(placeAt(track, at(65))!.headingDeg).toBeNull()
  })

  it('stands still in a silence, and says so', () => {
    expect(placeAt(track, at(20))!.state).toBe('seen')
    expect(placeAt(track, at(40))).toMatchObject({ lon: 115, lat: 30, state: 'gap', speedKmh: null })
    expect(placeAt(track, at(60))).toMatchObject({ lon: 116, state: 'seen' })
  })

  it('knows its ends', () => {
    expect(placeAt(track, at(-1))).toMatchObject({ lon: 114, state: 'before', fixedAt: at(0) })
    expect(placeAt(track, at(70))).toMatchObject({
      state: 'seen',
      speedKmh: track.speed[track.at.length - 1],
    })
    expect(placeAt(track, at(71))).toMatchObject({ lon: 116, state: 'after', fixedAt: at(70) })
    expect(placeAt(readTrack(answer([])), at(0))).toBeNull()
  })

  it('is cut at its silences', () => {
    const { driven, gaps } = linesOf(track)
    expect(driven.map((line) => line.length)).toEqual([3, 2])
    expect(gaps).toEqual([[[115, 30], [116, 30]]]) // prettier-ignore
    expect(coverOf(track)).toEqual([
      [at(0), at(20)],
      [at(60), at(70)],
    ])
  })

  it('finds the point before a moment as a scan does', () => {
    const times = Float64Array.from([1, 1, 3, 8, 8, 8, 20])
    for (let moment = 0; moment <= 21; moment++) {
      expect(indexAt(times, moment)).toBe(times.filter((t) => t <= moment).length - 1)
    }
  })
})

describe('the time axis', () => {
  it('has round times of Shanghai, not more than asked for', () => {
    const from = momentOf('2026-11-22', '08:07')!
    const ticks = ticksOf(from, from + 4 * 60 * MINUTE, 12)
    expect(ticks.map(timeOf).slice(0, 3)).toEqual(['08:30', '09:00', '09:30'])
    for (const length of [60, 240, 1440, 4320, 44_640]) {
      const n = ticksOf(from, from + length * MINUTE, 12).length
      expect(n).toBeGreaterThanOrEqual(2)
      expect(n).toBeLessThanOrEqual(13)
    }
  })

  it('moves by keys and stays in the span', () => {
    expect(keyed('ArrowRight', false, at(5), at(0), at(600))).toBe(at(6))
    expect(keyed('ArrowLeft', true, at(5), at(0), at(600))).toBe(at(0))
    expect(keyed('End', false, at(5), at(0), at(600))).toBe(at(600))
    expect(keyed('a', false, at(5), at(0), at(600))).toBeNull()
  })

  it('writes hours', () => {
    expect([0, 59, 3600, 11_100].map(hours)).toEqual(['0:00', '0:01', '1:00', '3:05'])
  })
})

describe('the span of a playback', () => {
  const now = momentOf('2026-11-22', '12:00')!

  it('ends now when it would reach further, and is none before it has begun', () => {
    const day = { day: '2026-11-22', time: '00:00', hours: 24 }
    expect(spanOf(day, now)).toEqual({ from: now - 12 * 60 * MINUTE, to: now })
    expect(spanOf({ ...day, time: '13:00' }, now)).toBeNull()
    expect(spanOf({ ...day, day: '' }, now)).toBeNull()
  })

  it('comes back from the address of the page', () => {
    const asked = { day: '2026-11-20', time: '08:30', hours: 4 }
    expect(readQuery(writeQuery(asked, [3, 7]), now)).toEqual({ ...asked, units: [3, 7] })
    expect(readQuery({ hours: '5', units: 'x,2', day: '2099-01-01' }, now)).toMatchObject({
      day: '2026-11-21',
      units: [2],
    })
    expect(spanQuery({ from: now, to: now + 1000 }, true)).toBe(
      'from=2026-11-22T04%3A00%3A00.000Z&to=2026-11-22T04%3A00%3A01.000Z&raw=true',
    )
  })
})
