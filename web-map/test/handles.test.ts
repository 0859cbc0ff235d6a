// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import type { Map as MapLibre } from 'maplibre-gl'
import { afterEach, expect, it, vi } from 'vitest'
import { nextTick, shallowRef, type Ref } from 'vue'
import { newDraft, type Draft, type Place } from '../src/desk/admin/drawn/draft'
import { useHandles } from '../src/desk/admin/drawn/useHandles'

/** The map's library needs WebGL: its markers are only elements here. */
vi.mock('maplibre-gl', () => ({
  Marker: class {
    element: HTMLElement
    constructor(options: { element: HTMLElement }) {
      this.element = options.element
    }
    getElement = () => this.element
    setLngLat = () => this
    addTo = () => (document.body.append(this.element), this)
    remove = () => this.element.remove()
    on = () => this
  },
}))

/** A view of ten by ten degrees; one pixel is a tenth of one. */
const canvas = document.createElement('canvas')
canvas.tabIndex = 0
let settle = () => {}
const map = {
  getBounds: () => ({ contains: ([x, y]: Place) => x >= 0 && x <= 10 && y >= 0 && y <= 10 }),
  getCanvas: () => canvas,
  project: ([x, y]: Place) => ({ x: x * 10, y: -y * 10 }),
  unproject: ([x, y]: Place) => ({ lng: x / 10, lat: -y / 10 }),
  on: (_: string, run: () => void) => (settle = run),
} as unknown as MapLibre

function draw(corners: Place[]): Ref<Draft | null> {
  const draft: Ref<Draft | null> = shallowRef(null)
  const words = { corner: (n: number) => `corner ${n}`, side: (n: number) => `side ${n}` }
  mount({ setup: () => (useHandles(shallowRef(map), draft, words, () => {}), () => null) })
  draft.value = { ...newDraft('polygon'), corners }
  return draft
}

const handle = (label: string) => document.querySelector<HTMLElement>(`[aria-label="${label}"]`)
const focused = () => document.activeElement?.getAttribute('aria-label')
const press = (key: string) =>
  document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))

afterEach(() => document.body.replaceChildren(canvas))

it('takes the focus to the corner that a side has made, and to the next when one is removed', async () => {
  const draft = draw([[-5, 5], [1, 1], [9, 1], [9, 9]]) // prettier-ignore
  await nextTick()
  handle('side 2')!.focus()
  handle('side 2')!.click()
  await nextTick()
  expect(draft.value!.corners).toHaveLength(5)
  expect(focused()).toBe('corner 3')
  press('Delete')
  await nextTick()
  expect([focused(), draft.value!.corners.length]).toEqual(['corner 3', 4])
  handle('side 4')!.focus()
  handle('side 4')!.click() // its middle lies in view
  await nextTick()
  expect(focused()).toBe('corner 5')
})

it('keeps the focus on a corner that is nudged out of view, and when others come into it', async () => {
  const draft = draw([[1, 1], [9.9, 1], [9, 9], [-1, 5]]) // prettier-ignore
  await nextTick()
  handle('corner 2')!.focus()
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight']) {
    press(key)
    await nextTick()
  }
  expect(draft.value!.corners[1]![0]).toBeGreaterThan(11)
  expect(focused()).toBe('corner 2')
  draft.value = { ...draft.value!, corners: draft.value!.corners.with(3, [1, 5]) }
  settle()
  await nextTick()
  expect([focused(), handle('corner 4') !== null]).toEqual(['corner 2', true])
})
