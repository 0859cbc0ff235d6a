import { ref, watch, type Ref } from 'vue'
import { serverNow } from '../clock'
import { millis } from '../format'
import { distanceM } from '../geo'
import { useConfig } from '../stores/config'
import type { BarAction } from './ActionBar.vue'
import type { Op } from './ops'
import type { NearShop, Point } from './shops'
import { useOfficer } from './store'
import type { OwnPosition } from './usePositions'

/** Farther than this from the place, "arrived" is asked again. */
const FAR_M = 300
/** An older position says nothing about where the unit is now. */
const FRESH_MS = 120_000

export type Sheet = '' | 'menu' | 'decline' | 'redispatch' | 'repair' | 'outcome' | 'far' | 'place'

/** What the buttons do: some act at once, some ask first. `own` is the phone's position when it is known. */
export function useActions(own: () => OwnPosition | null) {
  const officer = useOfficer()
  const settings = useConfig()
  const sheet: Ref<Sheet> = ref('')
  const busy = ref(false)
  const farM = ref(0)
  const report = ref('')
  const missing = ref(false)
  /** True from closing a case until the next one comes. */
  const closed = ref(false)

  const offer = () => officer.view?.offer ?? null
  const ticket = () => officer.view?.sortie?.ticket ?? null

  async function act(op: Op): Promise<void> {
    sheet.value = ''
    if (busy.value) return
    busy.value = true
    try {
      await officer.act(op)
    } finally {
      busy.value = false
    }
  }

  async function start(action: BarAction): Promise<void> {
    const t = ticket()
    switch (action) {
      case 'accept':
        return accept()
      case 'decline':
        sheet.value = 'decline'
        return
      case 'recover':
        return service(true, '')
      case 'depart':
        if (t) await act({ type: 'depart', ticket_id: t.id, number: t.number, version: t.version })
        return
      case 'arrive':
        farM.value = metresToPlace() ?? 0
        if (farM.value > FAR_M) sheet.value = 'far'
        else await arrive()
        return
      case 'finish':
        sheet.value = 'outcome'
        return
      case 'close':
        return close()
    }
  }

  async function accept(): Promise<void> {
    const o = offer()
    if (o) await act({ type: 'accept', offer_id: o.id, ticket_id: o.ticket.id, number: o.ticket.number })
  }

  async function decline(code: string, note: string): Promise<void> {
    const o = offer()
    sheet.value = ''
    if (!o) return
    const { id, number } = o.ticket
    await act({ type: 'decline', offer_id: o.id, ticket_id: id, number, reason_code: code, note })
  }

  async function arrive(): Promise<void> {
    const t = ticket()
    if (t) await act({ type: 'arrive', ticket_id: t.id, number: t.number, version: t.version })
  }

  async function finish(outcome: string): Promise<void> {
    const t = ticket()
    if (t) await act({ type: 'finish', ticket_id: t.id, number: t.number, version: t.version, outcome })
  }

  async function redispatch(code: string, note: string): Promise<void> {
    const t = ticket()
    // The reason is read by people, so it goes out in words: in the page's language, like the note.
    const reason = [settings.nameOf('decline_reasons', code), note].filter(Boolean).join(': ')
    if (t) await act({ type: 'redispatch', ticket_id: t.id, number: t.number, version: t.version, reason })
  }

  async function place(shop: NearShop | null, at: Point | null, accuracyM: number | null): Promise<void> {
    const t = ticket()
    if (!t) return
    const { id, number, version } = t
    await act({ type: 'place', ticket_id: id, number, version, shop, at, accuracy_m: accuracyM })
  }

  async function close(): Promise<void> {
    const t = ticket()
    const text = report.value.trim()
    missing.value = text === ''
    if (!t || missing.value) return
    closed.value = true
    await act({ type: 'close', ticket_id: t.id, number: t.number, version: t.version, outcome_text: text })
  }

  async function service(inService: boolean, reason: string): Promise<void> {
    const unit = officer.view?.unit
    if (unit) await act({ type: 'service', unit_id: unit.id, in_service: inService, reason })
  }

  /** From the phone's own position, else the unit's newest; null when neither is fresh. */
  function metresToPlace(): number | null {
    const t = ticket()
    if (!t || t.lon === null || t.lat === null) return null
    const phone = own()
    if (phone && serverNow() - phone.at < FRESH_MS) return distanceM(phone.lon, phone.lat, t.lon, t.lat)
    const unit = officer.view?.unit
    const at = millis(unit?.fixed_at)
    if (typeof unit?.lon !== 'number' || typeof unit.lat !== 'number' || at === null) return null
    return serverNow() - at < FRESH_MS ? distanceM(unit.lon, unit.lat, t.lon, t.lat) : null
  }

  // A sheet about a case that is gone would act on the next one.
  watch(
    () => [offer()?.id, ticket()?.id],
    ([offerId, ticketId], [offerBefore, ticketBefore]) => {
      if (sheet.value === 'decline' && offerId !== offerBefore) sheet.value = ''
      const about = ['redispatch', 'outcome', 'far', 'place'].includes(sheet.value)
      if (about && ticketId !== ticketBefore) sheet.value = ''
      // An offer hides the place's sheet: it would come back by itself.
      if (sheet.value === 'place' && offerId !== undefined) sheet.value = ''
    },
  )
  watch(
    () => ticket()?.id ?? offer()?.ticket.id,
    (id) => {
      if (id === undefined) return
      closed.value = false
      report.value = ''
      missing.value = false
    },
  )

  return {
    sheet,
    busy,
    farM,
    report,
    missing,
    closed,
    start,
    decline,
    arrive,
    finish,
    redispatch,
    place,
    service,
  }
}
