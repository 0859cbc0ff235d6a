// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { linkState, openLive, type Browser, type Link } from '../src/live'
import { FakeSource } from './samples'

const NOW = '2026-11-22T06:00:00.000Z'
let sessionGood = true

function browser(): Browser {
  return {
    open: (url) => new FakeSource(url) as unknown as EventSource,
    checkSession: async () => sessionGood,
    now: () => Date.now(),
  }
}

beforeEach(() => {
  FakeSource.opened = []
  sessionGood = true
  vi.useFakeTimers()
})
afterEach(() => vi.useRealTimers())

describe('linkState', () => {
  it.each([
    [null, false, 9_999, 'connecting'],
    [null, false, 10_000, 'lost'],
    [7_999, false, 0, 'live'],
    [8_000, false, 0, 'delayed'],
    [15_000, false, 0, 'lost'],
    [3_499, true, 0, 'live'],
    [3_500, true, 0, 'delayed'],
    [10_000, true, 0, 'lost'],
  ] as [number | null, boolean, number, Link][])(
    'silent %s ms, broken %s, waited %s ms: %s',
    (silent, broken, waited, expected) => expect(linkState(silent, broken, waited)).toBe(expected),
  )
})

describe('openLive', () => {
  it('sees silence on an open stream and recovers with the next message', () => {
    const links: Link[] = []
    const stream = openLive('board', { link: (l) => links.push(l) }, browser())
    FakeSource.opened[0]!.say('hello', { boot: 'a', now: NOW, seq: 1, view: 'board' })
    vi.advanceTimersByTime(8_500)
    vi.advanceTimersByTime(7_000)
    FakeSource.opened[0]!.say('tick', { now: NOW })
    expect(links).toEqual(['live', 'delayed', 'lost', 'live'])
    stream.close()
  })

  it('opens a new stream with a growing back-off when the browser has given up', async () => {
    const stream = openLive('board', {}, browser())
    FakeSource.opened[0]!.fail(2)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(FakeSource.opened).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(FakeSource.opened).toHaveLength(2)
    FakeSource.opened[1]!.fail(2)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(FakeSource.opened).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(FakeSource.opened).toHaveLength(3)
    stream.close()
  })

  it('leaves reconnecting to the browser while it tries', async () => {
    const stream = openLive('board', {}, browser())
    FakeSource.opened[0]!.fail(0)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(FakeSource.opened).toHaveLength(1)
    stream.close()
  })

  it('says so when the session is gone, and stays quiet', async () => {
    sessionGood = false
    const signedOut = vi.fn()
    const stream = openLive('board', { signedOut }, browser())
    FakeSource.opened[0]!.fail(2)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(signedOut).toHaveBeenCalledOnce()
    expect(FakeSource.opened).toHaveLength(1)
    stream.close()
  })

  it('does nothing after close', async () => {
    const tick = vi.fn()
    const stream = openLive('board', { tick }, browser())
    FakeSource.opened[0]!.fail(2)
    stream.close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(FakeSource.opened).toHaveLength(1)
  })
})
