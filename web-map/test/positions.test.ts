import { describe, expect, it, vi } from 'vitest'
import { dataBounds, groundOf } from '../src/map/bounds'
import { glyphOf, Positions } from '../src/positions'
import { ticket, unit } from './samples'

const T0 = Date.parse('2026-11-22T06:00:00.000Z')

describe('Positions', () => {
  it('keeps the newest fix whatever the order of arrival', () => {
    const p = new Positions(() => undefined)
    p.replace([unit()])
    p.move([[1, 104, 26, 10, 30, T0 + 2000]])
    p.move([[1, 99, 20, 20, 30, T0 + 1000]])
    expect(p.placeOf(1)).toEqual([104, 26])
    p.put(unit({ lon: 1, lat: 1, duty: 'offered' }))
    expect(p.placeOf(1)).toEqual([104, 26])
  })

  it('keeps every unit when it grows', () => {
    const p = new Positions(() => undefined)
    const units = Array.from({ length: 500 }, (_, i) => unit({ id: i + 1, lon: 100 + i / 100 }))
    p.replace(units)
    expect(p.n).toBe(500)
    for (const u of units) expect(p.placeOf(u.id)).toEqual([u.lon, u.lat])
  })

  it('has no place for a unit that never reported', () => {
    const p = new Positions(() => undefined)
    p.replace([unit({ lon: null, lat: null, fixed_at: null })])
    expect(p.placeOf(1)).toBeNull()
    p.move([[1, 104, 26, null, null, T0]])
    expect(p.placeOf(1)).toEqual([104, 26])
  })

  it('forgets a place that is shown no more, until the unit reports again', () => {
    const p = new Positions(() => undefined)
    p.replace([unit()])
    p.put(unit({ duty: 'off_shift', lon: null, lat: null, fixed_at: null }))
    expect(p.placeOf(1)).toBeNull()
    p.move([[1, 104, 26, null, null, T0]])
    expect(p.placeOf(1)).toEqual([104, 26])
  })

  it('tells its listeners once per frame, with the rows that changed', () => {
    const frames: (() => void)[] = []
    const p = new Positions((run) => frames.push(run))
    p.replace([unit(), unit({ id: 2 }), unit({ id: 3 })])
    frames.shift()!()
    const heard = vi.fn()
    p.listen(heard)
    p.move([[1, 104, 26, 0, 0, T0 + 1000]])
    p.move([
      [3, 104, 26, 0, 0, T0 + 1000],
      [77, 1, 1, 0, 0, T0 + 1000],
    ])
    expect(frames).toHaveLength(1)
    frames.shift()!()
    expect(heard.mock.calls).toEqual([[null], [new Set([0, 2])]])
  })
})

describe('glyphOf', () => {
  it.each([
    ['available', '', 'available'],
    ['committed', 'accepted', 'en_route'],
    ['committed', 'on_scene', 'on_scene'],
    ['in_repair', '', 'unavailable'],
    ['off_shift', '', 'unavailable'],
    ['no_signal', '', 'no_signal'],
  ] as const)('%s %s is drawn as %s', (duty, sortie, glyph) => {
    expect(glyphOf({ duty, sortie_status: sortie })).toBe(glyph)
  })
})

describe('the part of the map that is shown first', () => {
  const ground = groundOf([103, 25, 104, 26])

  it('reaches a quarter of the basemap over each edge', () => {
    expect(ground).toEqual([102.75, 24.75, 104.25, 26.25])
    expect(groundOf(undefined)).toBeNull()
  })

  it('leaves out one odd ticket and one odd unit', () => {
    const p = new Positions(() => undefined)
    p.replace([unit({ lon: 103.2, lat: 25.2 }), unit({ id: 2, lon: 0, lat: 0 })])
    const tickets = [ticket({ lon: 104.1, lat: 25.9 }), ticket({ id: 2, lon: -70, lat: 40 })]
    expect(dataBounds(p, tickets, ground)).toEqual([103.2, 25.2, 104.1, 25.9])
    expect(dataBounds(p, tickets, null)?.[0]).toBe(-70)
    expect(dataBounds(p, [ticket({ lon: 0, lat: 0 })], groundOf([10, 10, 11, 11]))).toBeNull()
  })
})
