import type { TicketView, UnitView } from '../src/wire'

/** A ticket to be dispatched, registered at 06:00 UTC with 30 minutes to arrive. */
export function ticket(over: Partial<TicketView> = {}): TicketView {
  return {
    id: 1,
    number: 'A-1',
    version: 1,
    status: 'to_dispatch',
    kind: 'report',
    subtype: 'unlicensed',
    title: '',
    urgency: 2,
    place_text: '',
    place_quality: 'retailer',
    division: '',
    responsible: '',
    retailer: null,
    lon: 103.9,
    lat: 25.6,
    registered_at: '2026-11-22T06:00:00Z',
    to_dispatch_at: null,
    accepted_at: null,
    en_route_at: null,
    on_scene_at: null,
    scene_done_at: null,
    closed_at: null,
    arrive_by: '2026-11-22T06:30:00Z',
    due_at: '2026-11-29T06:00:00Z',
    alarm: '',
    offer: null,
    unit: null,
    squad: '',
    tried: 0,
    place_check_due: null,
    actions: [],
    ...over,
  }
}

export function unit(over: Partial<UnitView> = {}): UnitView {
  return {
    id: 1,
    call_sign: 'U1',
    kind: 'car',
    plate: '',
    crew: 2,
    org_id: 1,
    squad: '',
    duty: 'available',
    sortie_status: '',
    ticket_id: null,
    offer_ticket_id: null,
    in_repair_reason: '',
    lon: 103.8,
    lat: 25.6,
    heading_deg: 90,
    speed_kmh: 30,
    fixed_at: '2026-11-22T06:00:00.000Z',
    freshness: 'live',
    ...over,
  }
}

/** A stand-in for the browser's EventSource that the test speaks through. */
export class FakeSource extends EventTarget {
  static opened: FakeSource[] = []
  readyState = 1
  onerror: (() => void) | null = null
  constructor(readonly url: string) {
    super()
    FakeSource.opened.push(this)
  }
  say(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }))
  }
  fail(readyState: 0 | 2): void {
    this.readyState = readyState
    this.onerror?.()
  }
  close(): void {
    this.readyState = 2
  }
}
