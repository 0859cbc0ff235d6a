import { hasArrived, limitOf } from './tickets'
import type { TicketView } from './wire'

/** How much a ticket presses: bad = past its limit, warn = the last quarter, calm = somebody is there. */
export type Tone = 'bad' | 'warn' | 'calm' | ''

export function toneOf(t: TicketView, now: number): Tone {
  const limit = limitOf(t)
  if (limit && limit.at < now) return 'bad'
  if (hasArrived(t)) return 'calm'
  if (limit && limit.at - now < (limit.at - limit.from) / 4) return 'warn'
  return ''
}

/** Share 0..1 of the running limit that is used up; null when no limit runs. */
export function usedShare(t: TicketView, now: number): number | null {
  const limit = limitOf(t)
  if (!limit || limit.at <= limit.from) return null
  return Math.min(1, Math.max(0, (now - limit.from) / (limit.at - limit.from)))
}
