// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fillWorker } from '../build/plugins.ts'
import PriorityMark from '../src/components/PriorityMark.vue'
import { opacityOf } from '../src/map/unitsLayer'

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

  it('make a service worker that runs, with nothing left to fill in', () => {
    const worker = fillWorker(readFileSync('src/officer/sw.js', 'utf8'), ['/index.html', "/a'b.js"], 'abc')
    const heard: string[] = []
    const self = { addEventListener: (name: string) => heard.push(name) }
    new Function('self', worker)(self)
    expect(heard).toEqual(['install', 'activate', 'message', 'fetch'])
    expect(worker).not.toMatch(/__[A-Z]+__/)
  })
})
