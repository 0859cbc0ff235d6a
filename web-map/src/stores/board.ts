import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { get } from '../api'
import { serverNow, useNow } from '../clock'
import { distanceM } from '../geo'
import { openLive, type Link } from '../live'
import { GLYPHS, glyphOf, Positions, type Glyph } from '../positions'
import { byNeed, isAwaiting, isInProgress, isOpen, isOverdue } from '../tickets'
import type { EventView, Kpi, TicketView, UnitView } from '../wire'

const KPI_EVERY_MS = 15_000
const EVENTS_KEPT = 500

/**
 * The board: open tickets, units and figures, kept up to date by the live stream. Positions are not here but in
 * `positions`, outside Vue. Changes are collected and shown once per animation frame. open() and close() count
 * their callers: the stream runs while at least one page wants it.
 */
export const useBoard = defineStore('board', () => {
  const positions = new Positions()
  const tickets = shallowRef<ReadonlyMap<number, TicketView>>(new Map())
  const units = shallowRef<ReadonlyMap<number, UnitView>>(new Map())
  const events = shallowRef<readonly EventView[]>([])
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
    schedule()
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
    if (event.type.startsWith('ticket.') || event.type.startsWith('sortie.')) askKpi(1_000)
  }

  function takeSnapshot(snapshot: { units: UnitView[]; tickets: TicketView[] }): void {
    pendingTickets = new Map()
    pendingUnits = new Map()
    tickets.value = new Map(snapshot.tickets.filter(isOpen).map((t) => [t.id, t]))
    units.value = new Map(snapshot.units.map((u) => [u.id, u]))
    positions.replace(snapshot.units)
    loaded.value = true
  }

  function askKpi(afterMs: number): void {
    clearTimeout(kpiTimer)
    kpiTimer = setTimeout(loadKpi, afterMs)
  }

  async function loadKpi(): Promise<void> {
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

  /**
   * The way left for the unit of a ticket, from its newest place: straight-line metres, and the server's ETA
   * scaled to them. Null parts are unknown.
   */
  function wayLeft(t: TicketView): { distanceM: number | null; etaS: number | null } {
    const trip = t.unit
    if (!trip) return { distanceM: null, etaS: null }
    const place = positions.placeOf(trip.id)
    if (!place || t.lon === null || t.lat === null) return { distanceM: trip.distance_m, etaS: trip.eta_s }
    const metres = distanceM(place[0], place[1], t.lon, t.lat)
    if (trip.eta_s === null || !trip.distance_m) return { distanceM: metres, etaS: trip.eta_s }
    return { distanceM: metres, etaS: (trip.eta_s * metres) / trip.distance_m }
  }

  /** Seconds since the newest data, by the server's clock. */
  const ageS = () => (dataAt.value === 0 ? 0 : Math.max(0, Math.round((serverNow() - dataAt.value) / 1000)))

  return {
    tickets,
    units,
    events,
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
    open,
    close,
    putTicket,
    putUnit,
    wayLeft,
    ageS,
    /** The same object for ever; read it in listeners, not in templates. */
    getPositions: () => positions,
  }
})
