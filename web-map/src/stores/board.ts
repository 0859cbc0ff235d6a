import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { get } from '../api'
import { serverNow, useNow } from '../clock'
import { distanceM } from '../geo'
import { openLive, type Link } from '../live'
import { GLYPHS, glyphOf, Positions, type Glyph } from '../positions'
import { byNeed, isAwaiting, isInProgress, isOpen, isOverdue } from '../tickets'
import type { Estimate, EventView, FenceEvent, Kpi, TicketView, UnitView } from '../wire'

const KPI_EVERY_MS = 15_000
const EVENTS_KEPT = 500
/** A fleet of which not one unit has sent a fix for longer than this has gone silent. */
const SILENT_S = 60

/**
 * The board: open tickets, units and figures, kept up to date by the live stream. Positions are not here but in
 * `positions`, outside Vue. Changes are collected and shown once per animation frame. open() and close() count
 * their callers: the stream runs while at least one page wants it.
 */
export const useBoard = defineStore('board', () => {
  const positions = new Positions()
  const airAtEstimate = new Map<number, number>()
  const tickets = shallowRef<ReadonlyMap<number, TicketView>>(new Map())
  const units = shallowRef<ReadonlyMap<number, UnitView>>(new Map())
  const events = shallowRef<readonly EventView[]>([])
  /** The newest thing that happened at a fence since the page was opened. */
  const fenceEvent = shallowRef<FenceEvent | null>(null)
  const kpi = shallowRef<Kpi | null>(null)
  const link = ref<Link>('connecting')
  /** Unix milliseconds (server) of the newest data; 0 before any. */
  const dataAt = ref(0)
  /** True once the first snapshot is here: before it, zero means unknown. */
  const loaded = ref(false)
  const signedOut = ref(false)
  /** Tickets that appeared in the last seconds, to be shown as new. */
  const fresh = shallowRef<ReadonlySet<number>>(new Set())
  /** Set to the new boot word when the server was restarted. */
  const boot = ref('')
  const now = useNow()

  let stream: { close: () => void } | null = null
  let callers = 0
  let kpiTimer: ReturnType<typeof setTimeout> | undefined
  let kpiDue = 0
  let pendingTickets = new Map<number, TicketView>()
  let pendingUnits = new Map<number, UnitView>()
  let pendingEvents: EventView[] = []
  let scheduled = false

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    requestAnimationFrame(flush)
  }

  function flush(): void {
    scheduled = false
    if (pendingTickets.size > 0) {
      const next = new Map(tickets.value)
      for (const t of pendingTickets.values()) {
        if (!isOpen(t)) next.delete(t.id)
        else next.set(t.id, t)
      }
      tickets.value = next
      pendingTickets = new Map()
    }
    if (pendingUnits.size > 0) {
      units.value = new Map([...units.value, ...pendingUnits])
      pendingUnits = new Map()
    }
    if (pendingEvents.length > 0) {
      events.value = [...pendingEvents.reverse(), ...events.value].slice(0, EVENTS_KEPT)
      pendingEvents = []
    }
  }

  /** Takes a ticket from the stream or from an answer; an older version than ours is left out. */
  function putTicket(ticket: TicketView): void {
    const known = pendingTickets.get(ticket.id) ?? tickets.value.get(ticket.id)
    if (known && known.version > ticket.version) return
    if (!known && isOpen(ticket)) markFresh(ticket.id)
    // The stream carries no rights of the person; keep those of an answer for the same version.
    const actions = ticket.actions ?? (known?.version === ticket.version ? known.actions : []) ?? []
    pendingTickets.set(ticket.id, { ...ticket, actions })
    keepEstimate(ticket)
    schedule()
    askKpi(1_000)
  }

  function markFresh(id: number): void {
    fresh.value = new Set([...fresh.value, id])
    setTimeout(() => {
      const rest = new Set(fresh.value)
      rest.delete(id)
      fresh.value = rest
    }, 6_000)
  }

  function putUnit(unit: UnitView): void {
    pendingUnits.set(unit.id, unit)
    positions.put(unit)
    schedule()
  }

  function putEvent(event: EventView): void {
    if (events.value[0] && event.seq <= events.value[0].seq) return
    pendingEvents.push(event)
    schedule()
  }

  function takeSnapshot(snapshot: { units: UnitView[]; tickets: TicketView[] }): void {
    pendingTickets = new Map()
    pendingUnits = new Map()
    tickets.value = new Map(snapshot.tickets.filter(isOpen).map((t) => [t.id, t]))
    units.value = new Map(snapshot.units.map((u) => [u.id, u]))
    positions.replace(snapshot.units)
    airAtEstimate.clear()
    snapshot.tickets.forEach(keepEstimate)
    loaded.value = true
  }

  /** Reads the figures again after this time, or sooner when that was asked before. */
  function askKpi(afterMs: number): void {
    const due = Date.now() + afterMs
    if (kpiDue !== 0 && kpiDue <= due) return
    clearTimeout(kpiTimer)
    kpiDue = due
    kpiTimer = setTimeout(loadKpi, afterMs)
  }

  async function loadKpi(): Promise<void> {
    kpiDue = 0
    try {
      kpi.value = await get<Kpi>('/kpi')
    } catch {
      // The link state already says that the server does not answer; old figures stay with their time.
    }
    if (stream) askKpi(KPI_EVERY_MS)
  }

  function seen(at: string): void {
    dataAt.value = Date.parse(at)
  }

  function open(): void {
    if (callers++ > 0) return
    signedOut.value = false
    stream = openLive('board', {
      hello: (m) => {
        if (boot.value !== '' && boot.value !== m.boot) events.value = []
        boot.value = m.boot
        seen(m.now)
      },
      snapshot: takeSnapshot,
      fixes: (m) => {
        positions.move(m.f)
        seen(m.now)
      },
      unit: putUnit,
      ticket: putTicket,
      event: putEvent,
      fence: (m) => (fenceEvent.value = m),
      tick: (m) => seen(m.now),
      link: (state) => (link.value = state),
      signedOut: () => (signedOut.value = true),
    })
    void loadKpi()
  }

  function close(): void {
    if (--callers > 0) return
    stream?.close()
    stream = null
    clearTimeout(kpiTimer)
    kpiDue = 0
    link.value = 'connecting'
    loaded.value = false
  }

  const queue = computed(() => [...tickets.value.values()].sort(byNeed(now.value)))
  const awaiting = computed(() => queue.value.filter(isAwaiting).length)
  const inProgress = computed(() => queue.value.filter(isInProgress).length)
  const overdue = computed(() => queue.value.filter((t) => isOverdue(t, now.value)).length)
  const unitCounts = computed(() => {
    const counts = Object.fromEntries(GLYPHS.map((g) => [g, 0])) as Record<Glyph, number>
    for (const unit of units.value.values()) counts[glyphOf(unit)]++
    return counts
  })

  /** Whole seconds since the newest fix of any unit once that is long ago; null before, and when none reported. */
  const silentS = computed(() => {
    // Positions are not reactive: they are read again each second.
    const at = now.value
    const newest = loaded.value ? positions.newestAt() : 0
    const s = Math.floor((at - newest) / 1000)
    return newest > 0 && s > SILENT_S ? s : null
  })

  /** Metres through the air from the unit of a ticket to it; null when either place is unknown. */
  function airToTicket(t: TicketView): number | null {
    const place = t.unit ? positions.placeOf(t.unit.id) : null
    if (!place || t.lon === null || t.lat === null) return null
    return distanceM(place[0], place[1], t.lon, t.lat)
  }

  /**
   * The way left for the unit of a ticket: the server's estimate of metres and seconds, made smaller by the
   * share of the air distance that the unit has covered since. Null parts are unknown.
   */
  function wayLeft(t: TicketView): { distanceM: number | null; etaS: number | null } {
    const metres = t.unit?.distance_m ?? null
    const seconds = t.unit?.eta_s ?? null
    const before = airAtEstimate.get(t.id)
    const air = airToTicket(t)
    if (air === null || !before) return { distanceM: metres, etaS: seconds }
    const share = air / before
    return {
      distanceM: metres === null ? null : metres * share,
      etaS: seconds === null ? null : seconds * share,
    }
  }

  /** Takes a newer estimate for the unit that a ticket is with: a road may have been closed, and the unit stands still. */
  function putWay(id: number, way: Estimate): void {
    const ticket = pendingTickets.get(id) ?? tickets.value.get(id)
    if (!ticket?.unit || ticket.unit.id !== way.unit_id) return
    const { unit_id: _, ...estimate } = way
    const next = { ...ticket, unit: { ...ticket.unit, ...estimate } }
    pendingTickets.set(id, next)
    keepEstimate(next)
    schedule()
  }

  /** Remembers the air distance that belongs to the estimate in the ticket. */
  function keepEstimate(t: TicketView): void {
    const air = t.unit?.distance_m ? airToTicket(t) : null
    if (air) airAtEstimate.set(t.id, air)
    else airAtEstimate.delete(t.id)
  }

  /** Seconds since the newest data, by the server's clock. */
  const ageS = () => (dataAt.value === 0 ? 0 : Math.max(0, Math.round((serverNow() - dataAt.value) / 1000)))

  return {
    tickets,
    units,
    events,
    fenceEvent,
    kpi,
    link,
    dataAt,
    loaded,
    signedOut,
    fresh,
    boot,
    queue,
    awaiting,
    inProgress,
    overdue,
    unitCounts,
    silentS,
    open,
    close,
    putTicket,
    putUnit,
    putWay,
    wayLeft,
    ageS,
    /** The same object for ever; read it in listeners, not in templates. */
    getPositions: () => positions,
  }
})
