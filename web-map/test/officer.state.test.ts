import { describe, expect, it } from 'vitest'
import { ApiError } from '../src/api'
import { conflictOf, takenAway, withNotice, type Notice } from '../src/officer/conflict'
import { countdown } from '../src/officer/countdown'
import { apply, requestOf, type Op } from '../src/officer/ops'
import { stepsOf } from '../src/officer/progress'
import { among, metresTo } from '../src/officer/shops'
import type { OfficerView, TicketStatus, TicketView } from '../src/wire'

const AT = '2026-11-22T06:10:24.123Z'
const ticket = (status: TicketStatus, version: number) =>
  ({ id: 100, number: 'N', status, version, unit: { id: 3 } }) as unknown as TicketView
const offered = (): OfficerView =>
  ({
    unit: { id: 3, duty: 'offered', in_repair_reason: '' },
    shift: { from: AT, to: AT },
    offer: { id: 9, offered_at: AT, expires_at: AT, ticket: ticket('offered', 4), narrative: '…' },
    sortie: null,
    tickets_done_today: 2,
  }) as unknown as OfficerView

const whole: Op[] = [
  { type: 'accept', offer_id: 9, ticket_id: 100, number: 'N' },
  { type: 'depart', ticket_id: 100, number: 'N', version: 5 },
  { type: 'arrive', ticket_id: 100, number: 'N', version: 6 },
  { type: 'finish', ticket_id: 100, number: 'N', version: 7, outcome: 'I01' },
  { type: 'close', ticket_id: 100, number: 'N', version: 8, outcome_text: '已查处' },
]

describe('what is shown before the server has answered', () => {
  it('goes through a whole case offline, each step with the version the server will have', () => {
    const seen: [string, number][] = []
    let view = offered()
    for (const op of whole) {
      view = apply(view, op, AT)
      if (view.sortie) seen.push([view.sortie.ticket.status, view.sortie.ticket.version])
    }
    expect(seen).toEqual([
      ['accepted', 5],
      ['en_route', 6],
      ['on_scene', 7],
      ['reporting', 8],
    ])
    expect(view.offer).toBeNull()
    expect(view.sortie).toBeNull()
    expect(view.tickets_done_today).toBe(3)
    expect(view.unit.duty).toBe('available')
  })

  it('does nothing twice when the server already holds the step', () => {
    const accepted = apply(offered(), whole[0]!, AT)
    const gone = apply(accepted, whole[1]!, AT)
    expect(apply(gone, whole[0]!, AT)).toBe(gone)
    expect(apply(gone, whole[1]!, AT)).toBe(gone)
  })

  it('leaves another case alone', () => {
    const other = { ...offered(), offer: { ...offered().offer!, id: 10 } }
    expect(apply(other, whole[0]!, AT)).toBe(other)
  })

  it('takes the case away before arrival when the vehicle breaks down, not after', () => {
    const broken: Op = { type: 'service', unit_id: 3, in_service: false, reason: '爆胎' }
    const driving = apply(apply(offered(), whole[0]!, AT), whole[1]!, AT)
    expect(apply(driving, broken, AT).sortie).toBeNull()
    const there = apply(driving, whole[2]!, AT)
    expect(apply(there, broken, AT).sortie?.ticket.status).toBe('on_scene')
    expect(apply(offered(), broken, AT)).toMatchObject({ offer: null, unit: { duty: 'in_repair' } })
  })

  it('sends only what the server takes', () => {
    expect(requestOf(whole[3]!)).toEqual({
      path: '/tickets/100/actions/finish',
      body: { version: 7, outcome: 'I01' },
    })
    expect(requestOf(whole[0]!)).toEqual({ path: '/offers/9/accept', body: {} })
  })
})

describe('conflicts in words', () => {
  const refusal = (status: number, code: string, current?: object) =>
    new ApiError({ status, code, ...(current ? { current } : {}) })
  const arrive = whole[2]!

  it('tells an expired offer from a ticket that went to another unit', () => {
    expect(conflictOf(whole[0]!, refusal(410, 'offer_closed'), 3)).toBe('expired')
    expect(conflictOf(whole[0]!, refusal(409, 'ticket_taken'), 3)).toBe('reassigned')
    expect(conflictOf(arrive, refusal(403, 'forbidden'), 3)).toBe('reassigned')
  })

  it('reads the ticket as it is now', () => {
    const now = (status: TicketStatus, unit: number | null) =>
      conflictOf(
        arrive,
        refusal(409, 'version_conflict', { ...ticket(status, 9), unit: unit ? { id: unit } : null }),
        3,
      )
    expect(now('to_dispatch', null)).toBe('reassigned')
    expect(now('en_route', 4)).toBe('reassigned')
    expect(now('on_scene', 3)).toBe('done_already')
    expect(now('reporting', 3)).toBe('done_already')
    expect(now('accepted', 3)).toBe('changed')
    expect(now('cancelled', 3)).toBe('cancelled')
    expect(now('closed', null)).toBe('closed')
    const gone = ticket('cancelled', 9)
    expect(conflictOf(arrive, refusal(409, 'not_your_ticket', gone), 3)).toBe('cancelled')
    expect(conflictOf(arrive, refusal(409, 'not_your_ticket', { ...gone, status: 'offered' }), 4)).toBe(
      'reassigned',
    )
  })

  it('gathers what failed for one reason', () => {
    const notice = (op: Op['type'], conflict: Notice['conflict']): Notice => ({
      id: op,
      ops: [op],
      number: 'N',
      conflict,
      detail: '',
      at: AT,
    })
    const two = withNotice([notice('accept', 'reassigned')], notice('depart', 'reassigned'))
    expect(two.map((n) => n.ops)).toEqual([['accept', 'depart']])
    expect(withNotice(two, notice('arrive', 'cancelled'))).toHaveLength(2)
  })
})

describe('a case that is taken away', () => {
  const accepted = () => apply(offered(), whole[0]!, AT)
  const idle = () => ({ ...accepted(), sortie: null })

  it('is noticed, unless the officer gave it up', () => {
    expect(takenAway(accepted(), idle(), [])?.id).toBe(100)
    expect(takenAway(accepted(), accepted(), [])).toBeNull()
    expect(takenAway(offered(), idle(), [])).toBeNull()
    expect(takenAway(null, idle(), [])).toBeNull()
    const away: Op = { type: 'redispatch', ticket_id: 100, number: 'N', version: 5, reason: '爆胎' }
    expect(takenAway(accepted(), idle(), [away])).toBeNull()
    expect(takenAway(accepted(), idle(), [{ ...away, ticket_id: 101 }])?.id).toBe(100)
  })

  it('is said once', () => {
    const notice = (conflict: Notice['conflict'], ops: Op['type'][]): Notice => ({
      id: conflict,
      ops,
      number: 'N',
      conflict,
      detail: '',
      at: AT,
    })
    const gone = notice('gone', [])
    const refused = notice('cancelled', ['arrive'])
    expect(withNotice([gone], refused)).toEqual([refused])
    expect(withNotice([refused], gone)).toEqual([refused])
    expect(withNotice([gone], gone)).toEqual([gone])
  })
})

describe('countdown', () => {
  it('runs from full to over by the clock it is given', () => {
    expect(countdown(0, 60_000, 0)).toEqual({ seconds: 60, share: 1, over: false })
    expect(countdown(0, 60_000, 15_000)).toEqual({ seconds: 45, share: 0.75, over: false })
    expect(countdown(0, 60_000, 59_999)).toMatchObject({ seconds: 1, over: false })
    expect(countdown(0, 60_000, 60_000)).toEqual({ seconds: 0, share: 0, over: true })
    expect(countdown(0, 60_000, 90_000)).toEqual({ seconds: 0, share: 0, over: true })
  })

  it('is full, not more, for a clock that is behind', () => {
    expect(countdown(1_000, 61_000, 0).share).toBe(1)
    expect(countdown(5, 5, 0).share).toBe(0)
  })
})

describe('four steps', () => {
  it.each<[TicketStatus, string]>([
    ['offered', 'now todo todo todo'],
    ['accepted', 'done now todo todo'],
    ['en_route', 'done done now todo'],
    ['on_scene', 'done done done now'],
    ['reporting', 'done done done now'],
    ['closed', 'done done done done'],
  ])('%s', (status, states) => {
    expect(
      stepsOf(status)
        .map((s) => s.state)
        .join(' '),
    ).toBe(states)
  })
})

describe('a place corrected on scene', () => {
  const shop = { licence_no: '510104100009', name: '恒发商贸行', address: '东大街88号', status: 'valid' }
  const near = { ...shop, lon: 104.06, lat: 30.66 }
  const op: Op = { type: 'place', ticket_id: 100, number: 'N', version: 7, shop: near, at: [104.07, 30.66] }
  const at = (status: TicketStatus, version = 7): OfficerView =>
    ({ ...offered(), offer: null, sortie: { ticket: ticket(status, version) } }) as unknown as OfficerView

  it('is shown at once, moves the ticket and lets the next steps follow', () => {
    const view = apply(at('on_scene'), op, AT)
    expect(view.sortie!.ticket).toMatchObject({ version: 8, status: 'on_scene', retailer: shop, lon: 104.07 })
    expect(apply(view, { ...whole[3]!, version: 8 } as Op, AT).sortie!.ticket.status).toBe('reporting')
    expect(apply(at('reporting'), { ...op, at: null }, AT).sortie!.ticket).toMatchObject({ lon: 104.06 })
    expect(apply(at('reporting'), { ...op, shop: null }, AT).sortie!.ticket.retailer).toBeNull()
  })

  it('does nothing before somebody is there, or on another version', () => {
    expect(apply(at('en_route'), op, AT).sortie!.ticket.version).toBe(7)
    expect(apply(at('on_scene', 9), op, AT).sortie!.ticket.version).toBe(9)
  })

  it('asks the server with the shop, the point, or both', () => {
    expect(requestOf(op)).toEqual({
      path: '/tickets/100/place',
      body: { version: 7, retailer_licence_no: '510104100009', lon: 104.07, lat: 30.66 },
    })
    const only = JSON.parse(JSON.stringify(requestOf({ ...op, at: null }).body)) as object
    expect(only).toEqual({ version: 7, retailer_licence_no: '510104100009' })
  })

  it('refused because the crew did it before needs no other try', () => {
    const current = { ...ticket('on_scene', 8), retailer: shop }
    const refusal = (licence_no: string) =>
      new ApiError({
        status: 409,
        code: 'version_conflict',
        current: { ...current, retailer: { ...shop, licence_no } },
      })
    expect(conflictOf(op, refusal('510104100009'), 3)).toBe('done_already')
    expect(conflictOf(op, refusal('510104100001'), 3)).toBe('changed')
    expect(conflictOf(op, refusal('510104100009'), 4)).toBe('reassigned')
  })
})

describe('shops kept on the phone', () => {
  const shops = [
    { licence_no: '1', name: '远店', address: '东大街1号', status: 'valid', lon: 104.2, lat: 30.66 },
    { licence_no: '2', name: '近店', address: '东大街2号', status: 'valid', lon: 104.061, lat: 30.66 },
    { licence_no: '3', name: '无位置', address: '西大街3号', status: 'valid', lon: null, lat: null },
  ]
  it('are found by all of the words, the nearest first', () => {
    const names = (words: string) => among(shops, words, [104.06, 30.66]).map((s) => s.name)
    expect(names('')).toEqual(['近店', '远店', '无位置'])
    expect(names('东大街')).toEqual(['近店', '远店'])
    expect(names('店 1号')).toEqual(['远店'])
    expect(names('南')).toEqual([])
    expect(metresTo(shops[2]!, [104.06, 30.66])).toBeNull()
  })
})
