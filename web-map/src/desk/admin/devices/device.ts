import { millis } from '../../../format'
import type { Freshness } from '../../../wire'

/** A device and how it fares, as the server lists it. What is null is unknown. */
export interface Device {
  id: number
  unit_id: number
  call_sign: string
  label: string
  kind: string
  datum: string
  /** "protocol:name" */
  names: string[]
  clock_ahead_s: number
  interval_s: number | null
  lenient: boolean
  disabled: boolean
  terminal: string | null
  conflict: string | null
  conflict_at: string | null
  seen_at: string | null
  freshness: Freshness
  raw: string | null
  refused_at: string | null
  refused_reason: string | null
  refused_detail: string | null
  /** Median of receipt less fix time: a clock that is ahead makes it negative. */
  clock_offset_s: number | null
  battery_pct: number | null
  power_v: number | null
  signal_pct: number | null
  satellites: number | null
  odometer_km: number | null
  stored: number
  doubted: number
  duplicate: number
  refused: number
  datum_warning: string | null
  /** How many records were refused or doubted, by reason. */
  reasons: Record<string, number>
}

export interface Refusal {
  received_at: string
  reason: string
  detail: string
  raw: unknown
}

export interface DeviceDetail extends Device {
  /** What the last message says; missing where there is nothing to decode. */
  decoded?: unknown
  refusals: Refusal[]
  suggested_clock_ahead_s: number | null
}

export interface Gateway {
  id: number
  label: string
}

/** How well a track lies on the roads under each datum. */
export interface DatumFinding {
  declared: string
  points: number
  medians: { datum: string; median_m: number | null }[]
  better: string
  warning: string
}

/** States of a device, the worst first. */
export const STATES = ['conflict', 'datum', 'never', 'silent', 'refused', 'good', 'disabled'] as const
export type State = (typeof STATES)[number]

export const KINDS = ['http', 'jt808', 'gt06', 'osmand', 'owntracks', 'traccar'] as const

/** Protocols whose devices are known by a name of their own instead of a key. */
export const NAMED: Partial<Record<string, string>> = { jt808: 'jt808', gt06: 'gt06', traccar: 'traccar' }

const REFUSED_LATELY_MS = 3_600_000
const SILENT_MS = 5 * 60_000
/** A device is silent once three of its intervals went by without a message. */
const INTERVALS = 3

/** The worst that can be said of a device now. */
export function stateOf(d: Device, now: number): State {
  if (d.disabled) return 'disabled'
  if (d.conflict !== null) return 'conflict'
  if (d.datum_warning) return 'datum'
  const seen = millis(d.seen_at)
  if (seen === null) return 'never'
  const patience = Math.max(SILENT_MS, (d.interval_s ?? 0) * 1000 * INTERVALS)
  if (now - seen > patience) return 'silent'
  const refused = millis(d.refused_at)
  return refused !== null && now - refused < REFUSED_LATELY_MS ? 'refused' : 'good'
}

/** The devices that fit the filter, the worst first, within a state the one that is silent for longest. */
export function worstFirst(
  devices: readonly Device[],
  filter: { text: string; kind: string; state: string },
  now: number,
): { device: Device; state: State }[] {
  const wanted = filter.text.trim().toLowerCase()
  return devices
    .map((device) => ({ device, state: stateOf(device, now) }))
    .filter(({ device: d, state }) => {
      const words = `${d.call_sign} ${d.label} ${d.id} ${d.terminal ?? ''} ${d.names.join(' ')}`
      return (
        (!filter.kind || d.kind === filter.kind) &&
        (!filter.state || state === filter.state) &&
        (!wanted || words.toLowerCase().includes(wanted))
      )
    })
    .sort(
      (a, b) =>
        STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
        (millis(a.device.seen_at) ?? 0) - (millis(b.device.seen_at) ?? 0) ||
        a.device.id - b.device.id,
    )
}

/** The reasons of a device's counters, the most frequent first. */
export function reasonCounts(reasons: Record<string, number>): [reason: string, n: number][] {
  return Object.entries(reasons).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
}

/** A message to look at: JSON on lines, hexadecimal in groups of two bytes, other text as it is. */
export function readable(raw: string): string {
  const text = raw.trim()
  if (/^[0-9a-f]+$/i.test(text) && text.length % 2 === 0) return text.replace(/(.{4})(?=.)/g, '$1 ')
  try {
    return JSON.stringify(JSON.parse(text), null, 1)
  } catch {
    return raw
  }
}

/** What of a form differs from the device: the body of the change, empty when nothing does. */
export interface DeviceForm {
  label: string
  datum: string
  clock_ahead_s: number
  /** 0 = nobody knows. */
  interval_s: number
  lenient: boolean
  disabled: boolean
}

export const formOf = (d: Device): DeviceForm => ({
  label: d.label,
  datum: d.datum,
  clock_ahead_s: d.clock_ahead_s,
  interval_s: d.interval_s ?? 0,
  lenient: d.lenient,
  disabled: d.disabled,
})

export function changeOf(d: Device, form: DeviceForm): Partial<DeviceForm> {
  const before = formOf(d)
  const names = Object.keys(form) as (keyof DeviceForm)[]
  return Object.fromEntries(names.filter((n) => form[n] !== before[n]).map((n) => [n, form[n]]))
}
