import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { usePages } from '../src/screen/usePages'
import { ticket } from './samples'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('pages of the queue', () => {
  const queue = Array.from({ length: 19 }, (_, i) => ticket({ id: i }))
  const ids = (rows: { id: number }[]) => rows.map((t) => t.id)

  it.each([0, 2, 4, 9])('show every ticket in one round, with %s of them pressing', (pinned) => {
    const scope = effectScope()
    const { rows, pages } = scope.run(() => usePages(() => queue, () => pinned, 8))! // prettier-ignore
    const kept = Math.min(pinned, 4)
    const seen = new Set<number>()
    for (let i = 0; i < pages.value; i++) {
      expect(ids(rows.value).slice(0, kept)).toEqual(ids(queue).slice(0, kept))
      expect(rows.value.length).toBeLessThanOrEqual(8)
      ids(rows.value).forEach((id) => seen.add(id))
      vi.advanceTimersByTime(12_000)
    }
    expect(seen.size).toBe(queue.length)
    scope.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
