import type { FixRow, UnitView } from './wire'

/** How a unit is drawn: a number for the graphics card, a name for styles and texts. */
export const GLYPHS = ['available', 'offered', 'en_route', 'on_scene', 'unavailable', 'no_signal'] as const
export type Glyph = (typeof GLYPHS)[number]

/** The glyph of a unit, from its duty and its sortie. */
export function glyphOf(unit: Pick<UnitView, 'duty' | 'sortie_status'>): Glyph {
  switch (unit.duty) {
    case 'available':
      return 'available'
    case 'offered':
      return 'offered'
    case 'committed':
      return unit.sortie_status === 'on_scene' ? 'on_scene' : 'en_route'
    case 'no_signal':
      return 'no_signal'
    default:
      return 'unavailable'
  }
}

/**
 * Newest position of every unit, in plain arrays outside Vue's reactivity. A unit keeps its row for good; `n`
 * rows are in use. Listeners are called at most once per animation frame with the rows that changed, or with
 * null when everything was replaced.
 */
export class Positions {
  n = 0
  ids = new Int32Array(64)
  lon = new Float64Array(64)
  lat = new Float64Array(64)
  /** Degrees clockwise from north; NaN when unknown. */
  heading = new Float32Array(64)
  /** Index into GLYPHS. */
  glyph = new Uint8Array(64)
  /** Time of the fix in Unix milliseconds; 0 when the unit never reported. */
  fixedAt = new Float64Array(64)

  private rows = new Map<number, number>()
  private listeners = new Set<(changed: Set<number> | null) => void>()
  private changed: Set<number> | null = new Set()
  private scheduled = false

  constructor(private schedule: (run: () => void) => void = (run) => requestAnimationFrame(run)) {}

  /** Row of a unit, or -1. */
  rowOf(unitId: number): number {
    return this.rows.get(unitId) ?? -1
  }

  /** Place of a unit as [lon, lat], or null when it never reported. */
  placeOf(unitId: number): [number, number] | null {
    const row = this.rowOf(unitId)
    if (row < 0 || this.fixedAt[row] === 0) return null
    return [this.lon[row]!, this.lat[row]!]
  }

  /** Time of the newest fix of all units in Unix milliseconds; 0 when none ever reported. */
  newestAt(): number {
    let newest = 0
    for (let row = 0; row < this.n; row++) newest = Math.max(newest, this.fixedAt[row]!)
    return newest
  }

  /** Forgets everything and takes these units. */
  replace(units: UnitView[]): void {
    this.n = 0
    this.rows.clear()
    for (const unit of units) this.write(unit)
    this.changed = null
    this.wake()
  }

  /** Takes a unit whose condition changed; its place too when it is newer than ours. */
  put(unit: UnitView): void {
    this.touch(this.write(unit))
  }

  /** Takes moved units; rows of unknown units are left out (a `unit` message follows). */
  move(fixes: FixRow[]): void {
    for (const [id, lon, lat, heading, , at] of fixes) {
      const row = this.rowOf(id)
      if (row < 0 || at < this.fixedAt[row]!) continue
      this.setPlace(row, lon, lat, heading, at)
      this.touch(row)
    }
  }

  /** Calls `listener` at once with null and then on every change; returns the way to stop it. */
  listen(listener: (changed: Set<number> | null) => void): () => void {
    this.listeners.add(listener)
    listener(null)
    return () => this.listeners.delete(listener)
  }

  private write(unit: UnitView): number {
    const row = this.rows.get(unit.id) ?? this.append(unit.id)
    this.glyph[row] = GLYPHS.indexOf(glyphOf(unit))
    const at = unit.fixed_at ? Date.parse(unit.fixed_at) : 0
    const known = typeof unit.lon === 'number' && typeof unit.lat === 'number'
    if (!known) this.fixedAt[row] = 0
    else if (at >= this.fixedAt[row]!) this.setPlace(row, unit.lon!, unit.lat!, unit.heading_deg, at)
    return row
  }

  private append(id: number): number {
    if (this.n === this.ids.length) this.grow()
    const row = this.n++
    this.rows.set(id, row)
    this.ids[row] = id
    this.fixedAt[row] = 0
    this.heading[row] = Number.NaN
    return row
  }

  private setPlace(row: number, lon: number, lat: number, heading: number | null | undefined, at: number) {
    this.lon[row] = lon
    this.lat[row] = lat
    this.heading[row] = heading ?? Number.NaN
    this.fixedAt[row] = at
  }

  private grow(): void {
    const size = this.ids.length * 2
    const wider = <T extends { set(from: T): void }>(to: T, from: T): T => {
      to.set(from)
      return to
    }
    this.ids = wider(new Int32Array(size), this.ids)
    this.lon = wider(new Float64Array(size), this.lon)
    this.lat = wider(new Float64Array(size), this.lat)
    this.heading = wider(new Float32Array(size), this.heading)
    this.glyph = wider(new Uint8Array(size), this.glyph)
    this.fixedAt = wider(new Float64Array(size), this.fixedAt)
  }

  private touch(row: number): void {
    this.changed?.add(row)
    this.wake()
  }

  private wake(): void {
    if (this.scheduled) return
    this.scheduled = true
    this.schedule(() => {
      this.scheduled = false
      const changed = this.changed
      this.changed = new Set()
      for (const listener of this.listeners) listener(changed)
    })
  }
}
