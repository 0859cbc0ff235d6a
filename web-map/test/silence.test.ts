// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { useBoard } from '../src/stores/board'
import { FakeSource, unit } from './samples'

const T0 = Date.parse('2026-11-22T06:00:00Z')

beforeEach(() => {
  FakeSource.opened = []
  vi.useFakeTimers({ now: T0 })
  vi.stubGlobal('EventSource', FakeSource)
  vi.stubGlobal('fetch', async () => new Response('{}', { headers: { 'content-type': 'application/json' } }))
  setActivePinia(createPinia())
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('tells a silent fleet from one of which a single unit still reports', () => {
  const board = useBoard()
  board.open()
  const source = FakeSource.opened.at(-1)!
  const fixed_at = new Date(T0).toISOString()
  source.say('snapshot', { units: [unit({ fixed_at }), unit({ id: 2, fixed_at })], tickets: [], seq: 1 })
  vi.advanceTimersByTime(59_000)
  expect(board.silentS).toBeNull()
  vi.advanceTimersByTime(6_000)
  expect(board.silentS).toBeGreaterThanOrEqual(61)
  source.say('fixes', {
    now: new Date(T0 + 65_000).toISOString(),
    f: [[2, 103.8, 25.6, 90, 30, T0 + 64_000]],
  })
  vi.advanceTimersByTime(1_000)
  expect(board.silentS).toBeNull()
  board.close()
})
