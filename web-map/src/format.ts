import type { Locale } from './i18n'

/** Numbers and times as people read them. Times are always shown in Asia/Shanghai, whatever the machine says. */
export const TIME_ZONE = 'Asia/Shanghai'

/** What stands where a value is not known; zero is written as 0. */
export const UNKNOWN = '–'

const formats = new Map<string, Intl.DateTimeFormat>()

function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options)
  let made = formats.get(key)
  if (!made) {
    made = new Intl.DateTimeFormat(locale, { timeZone: TIME_ZONE, hourCycle: 'h23', ...options })
    formats.set(key, made)
  }
  return made
}

type Moment = string | number | null | undefined

/** Milliseconds of a wire time or a number; null when there is none. */
export function millis(at: Moment): number | null {
  if (at === null || at === undefined || at === '') return null
  const value = typeof at === 'number' ? at : Date.parse(at)
  return Number.isNaN(value) ? null : value
}

/** "14:10:24" */
export function clockTime(at: Moment): string {
  const value = millis(at)
  if (value === null) return UNKNOWN
  return format('zh-CN', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(value)
}

/** "14:10" */
export function hourMinute(at: Moment): string {
  const value = millis(at)
  if (value === null) return UNKNOWN
  return format('zh-CN', { hour: '2-digit', minute: '2-digit' }).format(value)
}

/** "11月22日 星期日" or "Sunday, November 22" */
export function longDate(at: Moment, locale: string): string {
  const value = millis(at)
  if (value === null) return UNKNOWN
  const text = format(locale, { month: 'long', day: 'numeric', weekday: 'long' }).format(value)
  return text.replace(/日星期/, '日 星期')
}

/** "11-22 14:10"; the date is left out when it is today's. */
export function dateTime(at: Moment, now: number): string {
  const value = millis(at)
  if (value === null) return UNKNOWN
  const day = format('sv-SE', { year: 'numeric', month: '2-digit', day: '2-digit' })
  const date = day.format(value)
  return date === day.format(now) ? hourMinute(value) : `${date.slice(5)} ${hourMinute(value)}`
}

const pad = (n: number) => String(n).padStart(2, '0')

const UNITS = { 'zh-CN': { h: '小时', d: '天' }, en: { h: 'h', d: 'd' } }

/**
 * A span of seconds without sign, its number and its unit apart: "03:05" under 100 minutes, "5:20" hours under
 * 48 hours, then "3" days. Minutes and seconds have no unit.
 */
export function spanParts(seconds: number, locale: Locale): { text: string; unit: string } {
  const s = Math.abs(Math.trunc(seconds))
  if (s < 6000) return { text: `${pad(Math.floor(s / 60))}:${pad(s % 60)}`, unit: '' }
  const units = UNITS[locale]
  if (s < 48 * 3600) {
    return { text: `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}`, unit: units.h }
  }
  return { text: String(Math.floor(s / 86400)), unit: units.d }
}

/** A span of seconds without sign in one text: "03:05", "5:20 小时" or "5:20 h", "3 天" or "3 d". */
export function span(seconds: number, locale: Locale): string {
  const { text, unit } = spanParts(seconds, locale)
  return unit ? `${text} ${unit}` : text
}

/** Metres as "850 m" below one kilometre, else "1.3 km" or "24 km". */
export function distance(metres: number | null | undefined): string {
  if (metres === null || metres === undefined) return UNKNOWN
  if (metres < 995) return `${Math.round(metres / 10) * 10} m`
  const km = metres / 1000
  return `${km < 9.95 ? km.toFixed(1) : Math.round(km)} km`
}

/** Whole minutes of a number of seconds, at least 1; null when unknown. */
export function minutes(seconds: number | null | undefined): number | null {
  if (seconds === null || seconds === undefined) return null
  return Math.max(1, Math.round(seconds / 60))
}

/** A fixed number of decimals, or "–" when unknown. */
export function decimal(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? UNKNOWN : value.toFixed(digits)
}
