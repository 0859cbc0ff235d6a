// @vitest-environment happy-dom
import { effectScope, shallowRef } from 'vue'
import { describe, expect, it } from 'vitest'
import {
  areaBody,
  areaDraft,
  areaShapes,
  coverageShapes,
  divisionShapes,
  levelOf,
  onRing,
} from '../src/desk/admin/areas/area'
import {
  clicked,
  moved,
  newDraft,
  split,
  without,
  type Draft,
  type Place,
} from '../src/desk/admin/drawn/draft'
import { labelPlace } from '../src/desk/admin/drawn/shape'
import { useUndo } from '../src/desk/admin/drawn/useUndo'
import type { Area } from '../src/desk/shapes'

const square = (west: number, south: number, side: number): Place[] => [
  [west, south],
  [west + side, south],
  [west + side, south + side],
  [west, south + side],
  [west, south],
]

const area = (part: Partial<Area> = {}): Area => ({
  id: 7,
  kind: 'squad',
  code: '',
  squad: '一中队',
  org_id: 4,
  name: '东片',
  polygons: [[square(104, 30, 1), square(104.4, 30.4, 0.2)], [square(106, 30, 1)]],
  source: '',
  ...part,
})

describe('the draft of an area', () => {
  it('changes one ring and sends the others as they were', () => {
    let d = areaDraft(area())
    expect(d.outline.part).toBe('0.0')
    d = onRing(d, { polygon: 0, ring: 1 })
    expect(d.outline.corners[0]).toEqual([104.4, 30.4])
    d = { ...d, outline: moved(d.outline, 0, [104.3, 30.3]) }
    d = onRing(d, { polygon: 1, ring: 0 })
    const sent = areaBody(d).polygons
    expect(sent[0]![1]![0]).toEqual([104.3, 30.3])
    expect(sent[1]![0]).toEqual(square(106, 30, 1).slice(0, -1))
    expect(sent.map((p) => p.length)).toEqual([2, 1])
  })

  it('leaves out a ring whose corners are all removed', () => {
    let d = onRing(areaDraft(area()), { polygon: 0, ring: 1 })
    d = { ...d, outline: { ...d.outline, corners: [] } }
    expect(areaBody(d).polygons.map((p) => p.length)).toEqual([1, 1])
  })

  it('is one ring for a new area and a plain one', () => {
    expect(areaDraft().outline).toMatchObject({ id: null, corners: [], part: '' })
    expect(areaDraft(area({ polygons: [[square(104, 30, 1)]] })).outline.part).toBe('')
  })
})

describe('shapes on the map', () => {
  it('give each squad a colour, and name the squad once', () => {
    const shapes = areaShapes([area(), area({ id: 8, org_id: 5 }), area({ id: 9, name: '一中队辖区' })])
    expect(shapes[0]!.colour).toBe(shapes[2]!.colour)
    expect(shapes[0]!.colour).not.toBe(shapes[1]!.colour)
    expect(shapes.map((s) => s.name)).toEqual(['东片\n一中队', '东片\n一中队', '一中队辖区'])
  })

  it('show the divisions of one level', () => {
    const codes = ['510000', '510100', '510104', '510104001'].map((code) => area({ code, kind: 'division' }))
    expect(codes.map(levelOf)).toEqual(['above', 'above', 'county', 'township'])
    expect(divisionShapes(codes, 'township')).toHaveLength(1)
    expect(divisionShapes(codes, 'none')).toHaveLength(0)
  })

  it('tell gaps from overlaps', () => {
    const part = { polygons: [[square(1, 1, 1)]], area_sq_km: 1, areas: [], squads: [] }
    const found = {
      code: '',
      name: '',
      area_sq_km: 9,
      covered: 0.9,
      gaps: [part],
      overlaps: [part],
      slivers: 0,
    }
    expect(coverageShapes(found).map((s) => s.kind)).toEqual(['gap', 'overlap'])
    expect(coverageShapes(null)).toEqual([])
  })

  it('are named inside of their largest part, clear of holes', () => {
    const [lon, lat] = labelPlace(area().polygons)!
    expect(lon > 104 && lon < 105 && lat > 30 && lat < 31).toBe(true)
    expect(lon > 104.4 && lon < 104.6 && lat > 30.4 && lat < 30.6).toBe(false)
    const horseshoe: Place[] = [[0, 0], [9, 0], [9, 9], [8, 9], [8, 1], [1, 1], [1, 9], [0, 9], [0, 0]] // prettier-ignore
    const [x, y] = labelPlace([[horseshoe]])!
    expect(x > 1 && x < 8 && y > 1).toBe(false)
    expect(labelPlace([])).toBeNull()
  })
})

describe('undo', () => {
  it('takes steps back, a drag as one', () => {
    const scope = effectScope()
    scope.run(() => {
      const draft = shallowRef<Draft | null>({ ...newDraft('polygon'), corners: [[0, 0], [2, 0], [2, 2]] }) // prettier-ignore
      const { past, undo, settle } = useUndo(draft)
      const corners = () => draft.value!.corners
      for (const x of [1, 2, 3]) draft.value = moved(draft.value!, 0, [x, x])
      settle()
      for (const x of [4, 5]) draft.value = moved(draft.value!, 0, [x, x])
      draft.value = { ...draft.value!, name: '东片' } // no step
      draft.value = split(draft.value!, 0)
      draft.value = without(draft.value!, 2)
      draft.value = clicked(draft.value!, [9, 9])
      expect(past.value).toHaveLength(5)
      for (let i = 0; i < 3; i++) undo()
      expect(corners()).toEqual([[5, 5], [2, 0], [2, 2]]) // prettier-ignore
      undo()
      expect(corners()[0]).toEqual([3, 3])
      dispatchEvent(new KeyboardEvent('keydown', { key: 'z', ctrlKey: true }))
      expect(corners()[0]).toEqual([0, 0])
      undo()
      expect(draft.value!.name).toBe('东片')
      draft.value = { ...newDraft('polygon'), id: 8 }
      expect(past.value).toHaveLength(0)
    })
    scope.stop()
  })
})
