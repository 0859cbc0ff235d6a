import type { NewTicket, Retailer, TicketKind, Urgency } from '../../wire'

/** What the intake form holds. The reporter's contact is apart: it is never written to the browser's storage. */
export interface Draft {
  channel: string
  kind: TicketKind
  subtype: string
  narrative: string
  placeText: string
  retailer: Retailer | null
  pin: [lon: number, lat: number] | null
  /** Null takes the subtype's own urgency. */
  urgency: Urgency | null
  urgencyReason: string
  mode: NewTicket['reporter']['mode']
}

export interface Contact {
  name: string
  phone: string
  note: string
}

const KEY = 'jiujin.desk.draft'

export const emptyDraft = (): Draft => ({
  channel: 'phone',
  kind: 'report',
  subtype: '',
  narrative: '',
  placeText: '',
  retailer: null,
  pin: null,
  urgency: null,
  urgencyReason: '',
  mode: 'hidden',
})

export const emptyContact = (): Contact => ({ name: '', phone: '', note: '' })

/** Keeps the draft for this tab. Only the named fields are written, whatever else the object carries. */
export function saveDraft(draft: Draft): void {
  const kept = Object.fromEntries(
    Object.keys(emptyDraft()).map((field) => [field, draft[field as keyof Draft]]),
  )
  sessionStorage.setItem(KEY, JSON.stringify(kept))
}

export function loadDraft(): Draft {
  try {
    return { ...emptyDraft(), ...(JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Partial<Draft>) }
  } catch {
    return emptyDraft()
  }
}

export function dropDraft(): void {
  sessionStorage.removeItem(KEY)
}

/** True when somebody has begun to fill in the form. */
export function isBegun(draft: Draft): boolean {
  return Boolean(draft.subtype || draft.narrative || draft.placeText || draft.retailer || draft.pin)
}

/** The request for a draft. An anonymous reporter has no contact; a retailer's own place beats a pin. */
export function requestOf(draft: Draft, contact: Contact): NewTicket {
  const request: NewTicket = {
    channel: draft.channel,
    kind: draft.kind,
    subtype: draft.subtype,
    narrative: draft.narrative.trim(),
    reporter: { mode: draft.mode, ...(draft.mode === 'anonymous' ? {} : filled(contact)) },
  }
  if (draft.placeText.trim()) request.place_text = draft.placeText.trim()
  if (draft.retailer) request.retailer_licence_no = draft.retailer.licence_no
  if (draft.pin) [request.lon, request.lat] = draft.pin
  if (draft.urgency !== null) {
    request.urgency = draft.urgency
    if (draft.urgencyReason.trim()) request.urgency_reason = draft.urgencyReason.trim()
  }
  return request
}

function filled(contact: Contact): Partial<Contact> {
  return Object.fromEntries(
    Object.entries(contact)
      .map(([field, value]) => [field, value.trim()])
      .filter(([, value]) => value),
  ) as Partial<Contact>
}
