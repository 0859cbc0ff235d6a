// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fillWorker } from '../build/plugins.ts'
import PriorityMark from '../src/components/PriorityMark.vue'
import type { Map as MapLibre } from 'maplibre-gl'
import { drawLines, type MapLine } from '../src/map/overlays'
import { opacityOf, UnitsLayer } from '../src/map/unitsLayer'
import { Positions } from '../src/positions'

describe('parts', () => {
  it('tell urgencies apart by shape and number, not by colour alone', () => {
    const drawn = ([1, 2, 3, 4] as const).map((urgency) => {
      const mark = mount(PriorityMark, { props: { urgency } })
      expect(mark.text()).toBe(String(urgency))
      return mark.find('polygon, circle').element.outerHTML.replace(/ data-v-\w+=""/, '')
    })
    expect(new Set(drawn).size).toBe(4)
  })

  it('fade a unit as its fix grows old', () => {
    const ages = [0, 60, 61, 300, 301, 1800, 1801].map(opacityOf)
    expect(ages).toEqual([1, 1, 0.75, 0.75, 0.45, 0.45, 0.25])
  })

  it('draw the map anew only when something on it is different', () => {
    const sent: unknown[] = []
    const source = { setData: (data: unknown) => sent.push(data) }
    const map = { getSource: () => source } as unknown as MapLibre
    const line = (label: string): MapLine => ({ from: [104, 30], to: [104.1, 30], label, strong: true })
    for (const label of ['3 km', '3 km', '2 km', '2 km']) drawLines(map, [line(label)])
    expect(sent).toHaveLength(2)
  })

  it('fade units without drawing those that look the same', () => {
    let drawn = 0
    const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
    const unit = (id: number, fixedAt: string) => ({
      id,
      duty: 'available',
      lon: 104,
      lat: 30,
      fixed_at: fixedAt,
    })
    const positions = new Positions(() => {})
    positions.replace([unit(1, at(0)), unit(2, at(20))] as never)
    const layer = new UnitsLayer(positions, 'dark', 1, true)
    layer.update(null)
    Object.assign(layer, { map: { triggerRepaint: () => drawn++ } })
    layer.fade()
    expect(drawn).toBe(0)
    positions.fixedAt[0] = Date.parse(at(2))
    layer.fade()
    expect(drawn).toBe(1)
  })

  it('make a service worker that runs, with nothing left to fill in', () => {
    const worker = fillWorker(readFileSync('src/officer/sw.js', 'utf8'), ['/index.html', "/a'b.js"], 'abc')
    const heard: string[] = []
    const self = { addEventListener: (name: string) => heard.push(name) }
    new Function('self', worker)(self)
    expect(heard).toEqual(['install', 'activate', 'message', 'fetch'])
    expect(worker).not.toMatch(/__[A-Z]+__/)
  })
})
