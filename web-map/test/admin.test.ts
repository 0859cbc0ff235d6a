import { describe, expect, it } from 'vitest'
import {
  changeOf,
  formOf,
  readable,
  reasonCounts,
  stateOf,
  worstFirst,
  type Device,
} from '../src/desk/admin/devices/device'
import {
  bodyOf,
  circleRing,
  clicked,
  draftOf,
  lackOf,
  moved,
  newDraft,
  ringOf,
  split,
  without,
} from '../src/desk/admin/drawn/draft'
import { distanceM } from '../src/geo'

const NOW = Date.parse('2026-11-22T04:00:00Z')
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()

function device(part: Partial<Device>): Device {
  return {
    id: 1,
    unit_id: 1,
    call_sign: '云稽1',
    label: '车载',
    kind: 'jt808',
    datum: 'WGS84',
    names: ['jt808:013912345678'],
    clock_ahead_s: 0,
    interval_s: null,
    lenient: false,
    disabled: false,
    terminal: null,
    conflict: null,
    conflict_at: null,
    seen_at: ago(10),
    freshness: 'live',
    raw: null,
    refused_at: null,
    refused_reason: null,
    refused_detail: null,
    clock_offset_s: null,
    battery_pct: null,
    power_v: null,
    signal_pct: null,
    satellites: null,
    odometer_km: null,
    stored: 0,
    doubted: 0,
    duplicate: 0,
    reasons: {},
    refused: 0,
    datum_warning: null,
    ...part,
  }
}

describe('devices', () => {
  const list = [
    device({ id: 1 }),
    device({ id: 2, refused_at: ago(60) }),
    device({ id: 3, seen_at: ago(301) }),
    device({ id: 4, seen_at: ago(301), interval_s: 120 }),
    device({ id: 5, seen_at: null, freshness: 'lost' }),
    device({ id: 6, datum_warning: 'fits GCJ02' }),
    device({ id: 7, conflict: '' }),
    device({ id: 8, disabled: true, conflict: 'x' }),
    device({ id: 9, refused_at: ago(3601), kind: 'gt06', names: ['gt06:123'] }),
  ]

  it('have the worst that can be said of them as their state', () => {
    expect(list.map((d) => stateOf(d, NOW))).toEqual([
      'good',
      'refused',
      'silent',
      'good',
      'never',
      'datum',
      'conflict',
      'disabled',
      'good',
    ])
  })

  it('are listed the worst first, and found by text, protocol and state', () => {
    const ids = (text: string, kind = '', state = '') =>
      worstFirst(list, { text, kind, state }, NOW).map((d) => d.device.id)
    expect(ids('')).toEqual([7, 6, 5, 3, 2, 4, 1, 9, 8])
    expect(ids('GT06:1')).toEqual([9])
    expect(ids('', 'gt06')).toEqual([9])
    expect(ids('', '', 'silent')).toEqual([3])
  })

  it('show messages as they are read best', () => {
    expect(readable('7E0200ab7e')).toBe('7E02 00ab 7e')
    expect(readable('{"a":1}')).toBe('{\n "a": 1\n}')
    expect(readable('$GPRMC,1')).toBe('$GPRMC,1')
  })

  it('count reasons and send only what was changed', () => {
    expect(reasonCounts({ future: 1, no_fix: 2 })).toEqual([
      ['no_fix', 2],
      ['future', 1],
    ])
    const form = formOf(list[3]!)
    expect(changeOf(list[3]!, form)).toEqual({})
    expect(changeOf(list[3]!, { ...form, interval_s: 0, datum: 'GCJ02' })).toEqual({
      interval_s: 0,
      datum: 'GCJ02',
    })
  })
})

describe('the draft of a fence', () => {
  it('says what is missing until it can be sent', () => {
    let draft = newDraft('polygon')
    expect(lackOf(draft)).toBe('name')
    draft = { ...draft, name: ' 机场 ' }
    expect(lackOf(draft)).toBe('corners')
    for (const at of [[114, 29], [115, 29], [115, 30.00000049]] as const) draft = clicked(draft, [...at]) // prettier-ignore
    expect(lackOf(draft)).toBe('')
    expect(lackOf(moved(draft, 0, [NaN, 29]))).toBe('place')
    expect(bodyOf({ ...draft, dwellMin: 1.5 })).toEqual({
      name: '机场',
      dwell_s: 90,
      plain: false,
      polygon: [[114, 29], [115, 29], [115, 30]], // prettier-ignore
    })
  })

  it('takes corners in and out', () => {
    const draft = draftOf({ id: 3, name: 'a', polygon: [[0, 0], [2, 0], [2, 2], [0, 0]] }) // prettier-ignore
    expect(draft.corners).toEqual([[0, 0], [2, 0], [2, 2]]) // prettier-ignore
    expect(split(draft, 2).corners.at(-1)).toEqual([1, 1])
    expect(without(split(draft, 0), 1)).toEqual(draft)
    expect(ringOf(draft)!.at(-1)).toEqual([0, 0])
  })

  it('draws a circle of its radius on the ground', () => {
    const ring = circleRing([114.5, 29.9], 1000)
    for (const [lon, lat] of ring) expect(distanceM(114.5, 29.9, lon, lat)).toBeCloseTo(1000, -1)
    const circle = clicked({ ...newDraft('circle'), name: 'b' }, [114.5, 29.9])
    expect(bodyOf(circle).circle).toEqual({ lon: 114.5, lat: 29.9, radius_m: 200 })
    expect(lackOf({ ...circle, radiusM: 5 })).toBe('radius')
  })
})
