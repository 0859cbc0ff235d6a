import type { LocationQuery } from 'vue-router'
import { dayOf, momentOf } from './axis'

/** Lengths of a span in hours; the server reads 31 days at most. */
export const LENGTHS = [1, 4, 12, 24, 72, 168, 744] as const
const HOUR_MS = 3_600_000

export interface Span {
  from: number
  to: number
}

/** Query of the track's routes. */
export function spanQuery(span: Span, raw: boolean): string {
  const query = new URLSearchParams({
    from: new Date(span.from).toISOString(),
    to: new Date(span.to).toISOString(),
  })
  if (raw) query.set('raw', 'true')
  return query.toString()
}

export interface Asked {
  /** "2026-11-22" in Shanghai. */
  day: string
  /** "08:30" */
  time: string
  hours: number
}

/** The span that was asked for, up to now; null when a field is empty or the span has not begun. */
export function spanOf(asked: Asked, now: number): Span | null {
  const from = momentOf(asked.day, asked.time)
  if (from === null || from >= now - 1000) return null
  return { from, to: Math.min(from + asked.hours * HOUR_MS, Math.floor(now / 1000) * 1000) }
}

/** What the page's address asks for; without a word of it, today and no unit. */
export function readQuery(query: LocationQuery, now: number): Asked & { units: number[] } {
  const text = (name: string) => String(query[name] ?? '')
  const hours = Number(text('hours'))
  const asked = {
    day: text('day') || dayOf(now),
    time: text('time') || '00:00',
    hours: LENGTHS.find((h) => h === hours) ?? 24,
  }
  const units = text('units').split(',').map(Number).filter(Number.isInteger).filter(Boolean)
  if (spanOf(asked, now)) return { ...asked, units }
  // Just after midnight today has not begun.
  return { day: dayOf(now - 24 * HOUR_MS), time: '00:00', hours: 24, units }
}

export function writeQuery(asked: Asked, units: readonly number[]): Record<string, string> {
  const query = { day: asked.day, time: asked.time, hours: String(asked.hours) }
  return units.length > 0 ? { ...query, units: units.join(',') } : query
}
