// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useBoard } from '../src/stores/board'
import { FakeSource, ticket, unit } from './samples'

const NOW = '2026-11-22T06:10:00.000Z'
let frames: (() => void)[] = []
const nextFrame = () => frames.splice(0).forEach((run) => run())

function start() {
  setActivePinia(createPinia())
  const board = useBoard()
  board.open()
  const source = FakeSource.opened.at(-1)!
  source.say('hello', { boot: 'a', now: NOW, seq: 1, view: 'board' })
  return { board, source }
}

beforeEach(() => {
  frames = []
  FakeSource.opened = []
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', FakeSource)
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run))
  vi.stubGlobal('fetch', async () => new Response('{}', { headers: { 'content-type': 'application/json' } }))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('board', () => {
  it('knows nothing before the snapshot and counts like the server after it', () => {
    const { board, source } = start()
    expect(board.loaded).toBe(false)
    const tickets = (['registered', 'to_dispatch', 'offered', 'en_route', 'closed'] as const).map(
      (status, i) => ticket({ id: i + 1, status }),
    )
    source.say('snapshot', { units: [unit(), unit({ id: 2, duty: 'no_signal' })], tickets, seq: 1 })
    expect(board.loaded).toBe(true)
    expect([board.awaiting, board.inProgress, board.queue.length]).toEqual([2, 2, 4])
    expect(board.unitCounts).toMatchObject({ available: 1, no_signal: 1, on_scene: 0 })
  })

  it('shows changes once per frame, never an older version, and drops a closed ticket', () => {
    const { board, source } = start()
    source.say('snapshot', { units: [], tickets: [ticket({ version: 3 })], seq: 1 })
    source.say('ticket', ticket({ version: 2, urgency: 4 }))
    source.say('ticket', ticket({ id: 2 }))
    expect(board.tickets.size).toBe(1)
    nextFrame()
    expect(board.tickets.get(1)?.urgency).toBe(2)
    expect(board.fresh.has(2)).toBe(true)
    source.say('ticket', ticket({ version: 4, status: 'closed', closed_at: NOW }))
    nextFrame()
    expect([...board.tickets.keys()]).toEqual([2])
  })

  it('shortens the estimate as the unit comes nearer', () => {
    const { board, source } = start()
    const going = { id: 1, call_sign: 'U1', squad: '', eta_basis: 'straight_line', eta_at: null }
    const t = ticket({ status: 'en_route', unit: { ...going, distance_m: 13_000, eta_s: 1200 } })
    source.say('snapshot', { units: [unit({ lon: 103.8, lat: 25.6 })], tickets: [t], seq: 1 })
    expect(board.wayLeft(t).distanceM).toBeCloseTo(13_000)
    source.say('fixes', { now: NOW, f: [[1, 103.85, 25.6, 90, 30, Date.parse(NOW)]] })
    expect(board.wayLeft(t).distanceM! / 6_500).toBeCloseTo(1, 2)
    expect(board.wayLeft(t).etaS! / 600).toBeCloseTo(1, 2)
  })

  it('takes a newer estimate of the unit that has the ticket, and of no other', () => {
    const { board, source } = start()
    const going = { id: 1, call_sign: 'U1', squad: '', eta_basis: 'straight_line', eta_at: null }
    const t = ticket({ status: 'en_route', unit: { ...going, distance_m: 13_000, eta_s: 1200 } })
    source.say('snapshot', { units: [unit({ lon: 103.8, lat: 25.6 })], tickets: [t], seq: 1 })
    board.putWay(t.id, { unit_id: 2, distance_m: 1, eta_s: 1, eta_basis: 'road' })
    board.putWay(t.id, { unit_id: 1, distance_m: 15_000, eta_s: 1500, eta_basis: 'road' })
    nextFrame()
    const now = board.tickets.get(t.id)!
    expect(now.unit).toMatchObject({ id: 1, distance_m: 15_000, eta_s: 1500, eta_basis: 'road' })
    expect(board.wayLeft(now).distanceM).toBeCloseTo(15_000)
    source.say('fixes', { now: NOW, f: [[1, 103.85, 25.6, 90, 30, Date.parse(NOW)]] })
    expect(board.wayLeft(now).distanceM! / 7_500).toBeCloseTo(1, 2)
  })

  it('does not guess an estimate the server did not give', () => {
    const { board, source } = start()
    const there = { id: 1, call_sign: 'U1', squad: '', eta_basis: '', eta_at: null }
    const t = ticket({ status: 'on_scene', unit: { ...there, distance_m: null, eta_s: null } })
    source.say('snapshot', { units: [unit()], tickets: [t], seq: 1 })
    expect(board.wayLeft(t)).toEqual({ distanceM: null, etaS: null })
  })

  it('forgets the events of a server that was restarted', () => {
    const { board, source } = start()
    const event = { seq: 9, at: NOW, type: 'ticket.registered', actor: 'engine', data: {} }
    source.say('event', event)
    nextFrame()
    expect(board.events).toHaveLength(1)
    source.say('hello', { boot: 'b', now: NOW, seq: 2, view: 'board' })
    expect(board.events).toHaveLength(0)
  })

  it('keeps one stream for several pages and closes it after the last', () => {
    const { board, source } = start()
    board.open()
    expect(FakeSource.opened).toHaveLength(1)
    board.close()
    expect(source.readyState).toBe(1)
    board.close()
    expect(source.readyState).toBe(2)
  })
})
