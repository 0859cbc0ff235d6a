import { describe, expect, it } from 'vitest'
import { ApiError } from '../src/api'
import { conflictOf, takenAway, withNotice, type Notice } from '../src/officer/conflict'
import { countdown } from '../src/officer/countdown'
import { apply, requestOf, type Op } from '../src/officer/ops'
import { stepsOf } from '../src/officer/progress'
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
