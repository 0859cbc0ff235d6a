/** Time on the page is that of Asia/Shanghai: eight hours before UTC, without summer time since 1991. */
const SHANGHAI_MS = 8 * 3_600_000
export const DAY_MS = 24 * 3_600_000
const MINUTE_MS = 60_000

/** Steps of the axis in minutes. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080]

/** The moments on the axis at round times of the day, `most` at most. */
export function ticksOf(from: number, to: number, most: number): number[] {
  const step = (STEPS.find((s) => (to - from) / (s * MINUTE_MS) <= most) ?? STEPS.at(-1)!) * MINUTE_MS
  const ticks: number[] = []
  const first = Math.ceil((from + SHANGHAI_MS) / step) * step - SHANGHAI_MS
  for (let at = first; at <= to; at += step) ticks.push(at)
  return ticks
}

/** "2026-11-22" in Shanghai. */
export function dayOf(at: number): string {
  return new Date(at + SHANGHAI_MS).toISOString().slice(0, 10)
}

/** "14:10" in Shanghai. */
export function timeOf(at: number): string {
  return new Date(at + SHANGHAI_MS).toISOString().slice(11, 16)
}

/** Unix milliseconds of a day ("2026-11-22") and a time ("14:10") in Shanghai; null when one is none. */
export function momentOf(day: string, time: string): number | null {
  const at = Date.parse(`${day}T${time}:00+08:00`)
  return Number.isNaN(at) ? null : at
}

/** Hours and minutes of a moving time: "3:05". */
export function hours(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`
}

/** The moment after one step of a key on the slider; null when the key does nothing there. */
export function keyed(key: string, shift: boolean, at: number, from: number, to: number): number | null {
  const step = shift ? 10 * MINUTE_MS : MINUTE_MS
  const next: Record<string, number> = {
    ArrowRight: at + step,
    ArrowUp: at + step,
    ArrowLeft: at - step,
    ArrowDown: at - step,
    PageUp: at + 60 * MINUTE_MS,
    PageDown: at - 60 * MINUTE_MS,
    Home: from,
    End: to,
  }
  const wished = next[key]
  return wished === undefined ? null : Math.min(to, Math.max(from, wished))
}
