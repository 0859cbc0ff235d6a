import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../src/api'
import type { Op } from '../src/officer/ops'
import { FIRST_WAIT_MS, LONGEST_WAIT_MS, Outbox, verdictOf, waitMs } from '../src/officer/outbox'
import type { Entry, Handlers, Shelf } from '../src/officer/outbox'

const AT = '2026-11-22T06:10:24.123Z'
const step = (type: 'depart' | 'arrive', version: number): Op => ({
  type,
  ticket_id: 100,
  number: '12313-36-20261122-000100-1',
  version,
})
const failure = (status: number, code = `http_${status}`, more = {}) =>
  new ApiError({ status, code, ...more })

/** A shelf that outlives its outbox, as the phone's store does. */
function shelf(): Shelf & { entries: Entry[] } {
  const entries: Entry[] = []
  let seq = 0
  return {
    entries,
    add: async (entry) => {
      entries.push({ ...entry, seq: ++seq })
      return seq
    },
    all: async () => [...entries],
    remove: async (gone) => {
      entries.splice(
        entries.findIndex((e) => e.seq === gone),
        1,
      )
    },
    replace: async (other) => {
      entries[entries.findIndex((e) => e.seq === other.seq)] = other
    },
  }
}

/** A server that gives these answers in turn and then carries everything out, once per key. */
function desk(answers: (ApiError | 'lost answer')[] = []) {
  const seen: { path: string; body: object; key: string }[] = []
  const carriedOut = new Map<string, string>()
  const record = {
    done: [] as string[],
    refused: [] as [string, string][],
    signedOut: 0,
    counts: [] as number[],
  }
  const handlers: Handlers = {
    post: async (path, body, key) => {
      seen.push({ path, body, key })
      const next = answers.shift()
      if (next instanceof ApiError) throw next
      if (!carriedOut.has(key)) carriedOut.set(key, path)
      if (next === 'lost answer') throw failure(0, 'network')
      return {}
    },
    changed: (entries) => record.counts.push(entries.length),
    done: (entry) => record.done.push(entry.op.type),
    refused: (entry, error) => record.refused.push([entry.op.type, error.code]),
    signedOut: () => record.signedOut++,
    random: () => 0.5,
  }
  return { handlers, seen, carriedOut, record }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('outbox', () => {
  it('sends the same key and body again when the answer was lost, so that it happens once', async () => {
    const { handlers, seen, carriedOut, record } = desk(['lost answer', failure(503)])
    const box = new Outbox(shelf(), 7, handlers)
    await box.open()
    await box.add(step('depart', 4), 'key-of-departure', AT)
    await vi.advanceTimersByTimeAsync(0)
    expect(seen).toHaveLength(1)
    expect(record.done).toEqual([])
    await vi.advanceTimersByTimeAsync(FIRST_WAIT_MS)
    expect(seen).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(2 * FIRST_WAIT_MS)
    expect(seen).toHaveLength(3)
    expect(new Set(seen.map((s) => JSON.stringify(s))).size).toBe(1)
    expect(seen[0]).toEqual({
      path: '/tickets/100/actions/depart',
      body: { version: 4 },
      key: 'key-of-departure',
    })
    expect([...carriedOut.keys()]).toEqual(['key-of-departure'])
    expect(record.done).toEqual(['depart'])
    expect(record.counts.at(-1)).toBe(0)
    await vi.advanceTimersByTimeAsync(10 * LONGEST_WAIT_MS)
    expect(seen).toHaveLength(3)
    box.close()
  })

  it('keeps the order: nothing overtakes an entry that waits', async () => {
    const { handlers, seen, record } = desk([failure(0, 'network')])
    const box = new Outbox(shelf(), 7, handlers)
    await box.open()
    await box.add(step('depart', 4), 'one', AT)
    await vi.advanceTimersByTimeAsync(0)
    expect(seen.map((s) => s.key)).toEqual(['one'])
    await box.add(step('arrive', 5), 'two', AT)
    await vi.advanceTimersByTimeAsync(0)
    expect(seen.map((s) => s.key)).toEqual(['one', 'one', 'two'])
    expect(record.done).toEqual(['depart', 'arrive'])
    box.close()
  })

  it('sends what an earlier run left behind, and only the own entries', async () => {
    const kept = shelf()
    const before = desk([failure(0, 'network'), failure(0, 'network')])
    const first = new Outbox(kept, 7, before.handlers)
    await first.open()
    await first.add(step('depart', 4), 'mine', AT)
    await vi.advanceTimersByTimeAsync(0)
    first.close()
    await kept.add({ key: 'of-a-colleague', person: 8, at: AT, op: step('arrive', 5) })

    const after = desk()
    const second = new Outbox(kept, 7, after.handlers)
    await second.open()
    expect(after.record.counts).toEqual([1])
    await second.flush()
    expect(after.seen.map((s) => s.key)).toEqual(['mine'])
    expect(kept.entries.map((e) => e.key)).toEqual(['of-a-colleague'])
    second.close()
  })

  it.each([
    [409, 'version_conflict'],
    [410, 'offer_closed'],
    [422, 'illegal_transition'],
    [403, 'forbidden'],
    [409, 'not_your_ticket'],
  ])('ends an entry that the server refuses with %i and says so', async (status, code) => {
    const { handlers, seen, record } = desk([failure(status, code)])
    const kept = shelf()
    const box = new Outbox(kept, 7, handlers)
    await box.open()
    await box.add(step('depart', 4), 'one', AT)
    await box.add(step('arrive', 5), 'two', AT)
    await vi.advanceTimersByTimeAsync(0)
    expect(record.refused).toEqual([['depart', code]])
    expect(record.done).toEqual(['arrive'])
    expect(seen.map((s) => s.key)).toEqual(['one', 'two'])
    expect(kept.entries).toEqual([])
    box.close()
  })

  it('keeps everything when the session is gone', async () => {
    const { handlers, record } = desk([failure(401, 'not_signed_in')])
    const kept = shelf()
    const box = new Outbox(kept, 7, handlers)
    await box.open()
    await box.add(step('depart', 4), 'one', AT)
    await vi.advanceTimersByTimeAsync(LONGEST_WAIT_MS)
    expect(record.signedOut).toBe(1)
    expect(kept.entries).toHaveLength(1)
    box.close()
  })

  it('does not run twice at once', async () => {
    const { handlers, seen } = desk()
    const box = new Outbox(shelf(), 7, handlers)
    await box.open()
    await box.add(step('depart', 4), 'one', AT)
    await Promise.all([box.flush(), box.flush(), box.flush()])
    await vi.advanceTimersByTimeAsync(0)
    expect(seen).toHaveLength(1)
    box.close()
  })
})

describe('back-off', () => {
  it('doubles from 2 s to 60 s and stays within both', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 40].map((n) => waitMs(n, 0.5))).toEqual([
      2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ])
    for (let n = 1; n < 50; n++) {
      for (const random of [0, 0.3, 0.999]) {
        expect(waitMs(n, random)).toBeGreaterThanOrEqual(FIRST_WAIT_MS)
        expect(waitMs(n, random)).toBeLessThanOrEqual(LONGEST_WAIT_MS)
      }
    }
  })

  it('never asks sooner than the server said', () => {
    expect(waitMs(1, 0, 90)).toBe(90_000)
  })

  it('tells passing trouble from a refusal', () => {
    for (const status of [0, 408, 425, 429, 500, 502, 503]) {
      expect(verdictOf(failure(status))).toBe('retry')
    }
    for (const status of [400, 403, 404, 409, 410, 422]) expect(verdictOf(failure(status))).toBe('refused')
    expect(verdictOf(failure(401))).toBe('sign_in')
    expect(verdictOf(failure(403, 'must_change_password'))).toBe('sign_in')
  })

  it('goes on after a refused correction of the place, from the version that there is', async () => {
    const found = { type: 'place', ticket_id: 100, number: 'N', version: 6, shop: null } as const
    const done: Op = { type: 'finish', ticket_id: 100, number: 'N', version: 7, outcome: 'I01' }
    const other: Op = { type: 'depart', ticket_id: 200, number: 'M', version: 7 }
    const sent = async (refusal: ApiError) => {
      const { handlers, seen, record } = desk([failure(503), refusal])
      const box = new Outbox(shelf(), 7, handlers)
      await box.open()
      await box.add({ ...found, at: [104, 30] }, 'key-of-place', AT)
      await box.add(done, 'key-of-finish', AT)
      await box.add(other, 'key-of-departure', AT)
      await vi.advanceTimersByTimeAsync(2 * FIRST_WAIT_MS)
      expect(record.refused).toHaveLength(1)
      expect(record.done).toEqual(['finish', 'depart'])
      return seen.slice(-2).map((s) => (s.body as { version: number }).version)
    }
    expect(await sent(failure(422, 'validation'))).toEqual([6, 7])
    expect(await sent(failure(409, 'version_conflict', { current: { version: 9 } }))).toEqual([9, 7])
  })
})
