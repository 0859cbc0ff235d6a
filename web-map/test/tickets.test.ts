import { describe, expect, it } from 'vitest'
import { worstOf } from '../src/screen/useFocus'
import { byNeed, isOverdue, limitOf, shortNumber } from '../src/tickets'
import { toneOf, usedShare } from '../src/tone'
import { ticket } from './samples'

const at = (time: string) => Date.parse(`2026-11-22T${time}:00Z`)

it('shortens a number to what tells the tickets of a day apart', () => {
  expect(shortNumber('12313-36-20261122-000123-7')).toBe('…000123-7')
  expect(shortNumber('A-1')).toBe('A-1')
})

describe('limits', () => {
  it('runs to arrival first and to closing once somebody is there', () => {
    expect(limitOf(ticket())?.kind).toBe('arrive')
    expect(limitOf(ticket({ status: 'on_scene' }))?.kind).toBe('close')
    expect(limitOf(ticket({ status: 'closed' }))).toBeNull()
    expect(limitOf(ticket({ arrive_by: null, due_at: null }))).toBeNull()
  })

  it('is over only after the limit', () => {
    expect(isOverdue(ticket(), at('06:30'))).toBe(false)
    expect(isOverdue(ticket(), at('06:31'))).toBe(true)
    expect(isOverdue(ticket({ status: 'on_scene' }), at('06:31'))).toBe(false)
  })

  it('warns in the last quarter and stays calm on scene', () => {
    expect(toneOf(ticket(), at('06:22'))).toBe('')
    expect(toneOf(ticket(), at('06:23'))).toBe('warn')
    expect(toneOf(ticket(), at('06:31'))).toBe('bad')
    expect(toneOf(ticket({ status: 'on_scene' }), at('06:31'))).toBe('calm')
    expect(usedShare(ticket(), at('06:15'))).toBe(0.5)
    expect(usedShare(ticket({ arrive_by: null, due_at: null }), at('06:15'))).toBeNull()
  })
})

describe('the queue', () => {
  const now = at('06:20')
  const far = '2026-11-22T09:00:00Z'
  const queue = [
    ticket({ id: 1, urgency: 4, arrive_by: '2026-11-22T06:10:00Z', status: 'en_route' }),
    ticket({ id: 2, urgency: 1, arrive_by: far, status: 'offered' }),
    ticket({ id: 3, urgency: 2, arrive_by: far }),
    ticket({ id: 4, urgency: 2, arrive_by: '2026-11-22T08:00:00Z' }),
    ticket({ id: 5, urgency: 1, status: 'on_scene' }),
  ]

  it('puts what is late or critical first, then by urgency and time, then those being handled', () => {
    expect(queue.toSorted(byNeed(now)).map((t) => t.id)).toEqual([2, 1, 4, 3, 5])
  })

  it('focuses on the worst that nobody has taken, else on the worst overdue', () => {
    const sorted = queue.toSorted(byNeed(now))
    expect(worstOf(sorted, now)?.id).toBe(2)
    expect(worstOf(sorted.filter((t) => ![2, 3, 4].includes(t.id)), now)?.id).toBe(1) // prettier-ignore
    expect(worstOf([], now)).toBeNull()
  })
})
