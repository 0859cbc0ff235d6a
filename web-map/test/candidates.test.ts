// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, nextTick, shallowRef } from 'vue'
import { useCandidates } from '../src/screen/useCandidates'
import { useBoard } from '../src/stores/board'
import { FakeSource, ticket, unit } from './samples'

let frames: (() => void)[] = []

beforeEach(() => {
  frames = []
  FakeSource.opened = []
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', FakeSource)
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run))
  vi.stubGlobal('fetch', async () => new Response('{}', { headers: { 'content-type': 'application/json' } }))
  setActivePinia(createPinia())
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('names the nearest units with the first snapshot and again when one becomes available', async () => {
  const board = useBoard()
  board.open()
  const source = FakeSource.opened.at(-1)!
  const focus = shallowRef(ticket())
  const scope = effectScope()
  const { choices, known } = scope.run(() => useCandidates(() => focus.value))!
  expect([choices.value.length, known.value]).toEqual([0, false])

  const place = { lon: 103.91, lat: 25.6, fixed_at: '2026-11-22T06:10:00Z' }
  const units = [unit({ ...place }), unit({ ...place, id: 2, duty: 'off_shift' })]
  source.say('snapshot', { units, tickets: [focus.value], seq: 1 })
  await nextTick()
  expect([choices.value.map((c) => c.unitId), known.value]).toEqual([[1], true])

  source.say('unit', unit({ ...place, id: 2, lon: 103.901 }))
  frames.splice(0).forEach((run) => run())
  await nextTick()
  vi.advanceTimersByTime(1_000)
  expect(choices.value.map((c) => c.unitId)).toEqual([2, 1])

  focus.value = ticket({ id: 9, lon: null, lat: null })
  await nextTick()
  expect([choices.value.length, known.value]).toEqual([0, false])
  scope.stop()
  board.close()
})
