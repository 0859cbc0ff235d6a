import { millis } from './format'
import type { TicketStatus, TicketView } from './wire'

/** Rules about tickets that more than one page needs: which limit runs, what is late, what comes first. */

const OPEN_ORDER: TicketStatus[] = [
  'registered',
  'to_dispatch',
  'offered',
  'accepted',
  'en_route',
  'on_scene',
  'reporting',
]

export const isOpen = (t: TicketView) => t.status !== 'closed' && t.status !== 'cancelled'

/** Nobody has been asked to go yet. */
export const isAwaiting = (t: TicketView) => t.status === 'registered' || t.status === 'to_dispatch'

/** Nobody has taken it yet, though somebody may have been asked. */
export const isUntaken = (t: TicketView) => isAwaiting(t) || t.status === 'offered'

/** From the first offer until it is closed; the same counting as the server's figures. */
export const isInProgress = (t: TicketView) => isOpen(t) && !isAwaiting(t)

/** Somebody is there or has been: the arrival limit no longer runs. */
export const hasArrived = (t: TicketView) => t.status === 'on_scene' || t.status === 'reporting'

export interface Limit {
  /** Unix milliseconds of the moment the limit runs out. */
  at: number
  /** Unix milliseconds of the moment it began to run. */
  from: number
  kind: 'arrive' | 'close'
}

/** The limit that runs now: arrival until somebody is there, then closing; null when there is none. */
export function limitOf(t: TicketView): Limit | null {
  if (!isOpen(t)) return null
  const from = millis(t.registered_at) ?? 0
  const arrive = millis(t.arrive_by)
  if (arrive !== null && !hasArrived(t)) return { at: arrive, from, kind: 'arrive' }
  const due = millis(t.due_at)
  return due === null ? null : { at: due, from, kind: 'close' }
}

export function isOverdue(t: TicketView, now: number): boolean {
  const limit = limitOf(t)
  return limit !== null && limit.at < now
}

/** It cannot wait: past its limit, or a P1 that nobody has taken. */
export const isPressing = (t: TicketView, now: number) =>
  isOverdue(t, now) || (t.urgency === 1 && isUntaken(t))

/**
 * Order of the queue: the pressing ones first, then those nobody has reached, then
 * those with somebody on scene; inside a group by urgency, then by time left.
 */
export function byNeed(now: number): (a: TicketView, b: TicketView) => number {
  const group = (t: TicketView) => {
    if (isPressing(t, now)) return 0
    return hasArrived(t) ? 2 : 1
  }
  const limit = (t: TicketView) => limitOf(t)?.at ?? Number.MAX_SAFE_INTEGER
  return (a, b) =>
    group(a) - group(b) ||
    a.urgency - b.urgency ||
    limit(a) - limit(b) ||
    OPEN_ORDER.indexOf(a.status) - OPEN_ORDER.indexOf(b.status) ||
    a.id - b.id
}

/** What the ticket is about in one name: the retailer, else the place, else the number. */
export const placeName = (t: TicketView) => t.retailer?.name || t.place_text || t.number

/** The part of a number that tells the tickets of a day apart: "…000123-7" of 12313-36-20261122-000123-7. */
export function shortNumber(number: string): string {
  const parts = number.split('-')
  return parts.length > 2 ? `…${parts.slice(-2).join('-')}` : number
}

/** The address line under the name; empty when it would repeat the name. */
export function placeLine(t: TicketView): string {
  return t.retailer?.address ?? ''
}

/** The caller is to be asked again where it is. */
export const isPlaceOpen = (t: TicketView) => isOpen(t) && t.place_check_due !== null

export const isPlaceLate = (t: TicketView, now: number) =>
  isPlaceOpen(t) && (millis(t.place_check_due) ?? Infinity) < now
