import type { OfficerView, SortieCard, TicketStatus, TicketView, UnitView } from '../wire'
import type { NearShop } from './shops'

/**
 * What an officer can do, as data: it is kept in the outbox, shown at once as if it had been done, and sent to
 * the server later. `version` is the version the ticket has when this step is the next one.
 */
export type Op =
  | { type: 'accept'; offer_id: number; ticket_id: number; number: string }
  | {
      type: 'decline'
      offer_id: number
      ticket_id: number
      number: string
      reason_code: string
      note: string
    }
  | { type: 'depart'; ticket_id: number; number: string; version: number }
  | { type: 'arrive'; ticket_id: number; number: string; version: number }
  | { type: 'finish'; ticket_id: number; number: string; version: number; outcome: string }
  | { type: 'close'; ticket_id: number; number: string; version: number; outcome_text: string }
  | { type: 'redispatch'; ticket_id: number; number: string; version: number; reason: string }
  | {
      type: 'place'
      ticket_id: number
      number: string
      version: number
      /** The shop it is; null = none of the register. */
      shop: NearShop | null
      /** Where it is; null = where the register has the shop. */
      at: [lon: number, lat: number] | null
      /** How good a measured position is; null = set by hand. */
      accuracy_m?: number | null
    }
  | { type: 'service'; unit_id: number; in_service: boolean; reason: string }

export type OpType = Op['type']

/** The call that an op becomes. The same op always gives the same body: the server compares it by its key. */
export function requestOf(op: Op): { path: string; body: object } {
  switch (op.type) {
    case 'accept':
      return { path: `/offers/${op.offer_id}/accept`, body: {} }
    case 'decline':
      return {
        path: `/offers/${op.offer_id}/decline`,
        body: { reason_code: op.reason_code, ...(op.note ? { note: op.note } : {}) },
      }
    case 'service':
      return {
        path: `/units/${op.unit_id}/service`,
        body: { in_service: op.in_service, ...(op.reason ? { reason: op.reason } : {}) },
      }
    case 'place': {
      const [lon, lat] = op.at ?? []
      const accuracy_m = op.accuracy_m ?? undefined
      const body = { version: op.version, retailer_licence_no: op.shop?.licence_no, lon, lat, accuracy_m }
      return { path: `/tickets/${op.ticket_id}/place`, body }
    }
    default: {
      const { type, ticket_id, number: _, ...body } = op
      return { path: `/tickets/${ticket_id}/actions/${type}`, body }
    }
  }
}

const FROM: Record<'depart' | 'arrive' | 'finish' | 'close', TicketStatus> = {
  depart: 'accepted',
  arrive: 'en_route',
  finish: 'on_scene',
  close: 'reporting',
}

/**
 * The state as it will be once the op has been carried out, at `at` (RFC 3339). An op that no longer fits the
 * state, because the server's state already holds it or has gone another way, changes nothing.
 */
export function apply(view: OfficerView, op: Op, at: string): OfficerView {
  if (op.type === 'service') return applyService(view, op.in_service, op.reason)
  if (op.type === 'accept' || op.type === 'decline') {
    if (view.offer?.id !== op.offer_id) return view
    const { offered_at: _, expires_at: __, ...card } = view.offer
    if (op.type === 'decline') return { ...view, unit: freed(view), offer: null }
    const ticket = stepped(card.ticket, 'accepted', { accepted_at: at, offer: null })
    const unit: UnitView = { ...view.unit, duty: 'committed', sortie_status: 'accepted' }
    return { ...view, unit, offer: null, sortie: { ...card, id: 0, ticket, arrival: null } }
  }
  const sortie = view.sortie
  if (!sortie || sortie.ticket.id !== op.ticket_id || sortie.ticket.version !== op.version) return view
  if (op.type === 'place') return withTicket(view, sortie, placed(sortie.ticket, op))
  if (op.type === 'redispatch') return { ...view, unit: freed(view), sortie: null }
  if (sortie.ticket.status !== FROM[op.type]) return view
  switch (op.type) {
    case 'depart':
      return withTicket(view, sortie, stepped(sortie.ticket, 'en_route', { en_route_at: at }))
    case 'arrive':
      return withTicket(view, sortie, stepped(sortie.ticket, 'on_scene', { on_scene_at: at }))
    case 'finish': {
      const ticket = stepped(sortie.ticket, 'reporting', { scene_done_at: at, outcome: op.outcome })
      const done = withTicket(view, sortie, ticket)
      return { ...done, unit: freed(view), tickets_done_today: view.tickets_done_today + 1 }
    }
    case 'close':
      return { ...view, sortie: null }
  }
}

function stepped(ticket: TicketView, status: TicketStatus, more: Partial<TicketView>): TicketView {
  return { ...ticket, ...more, status, version: ticket.version + 1 }
}

/** Where the place may be corrected: somebody is there, or back from there. */
export const mayPlace = (ticket: TicketView) => ['on_scene', 'reporting'].includes(ticket.status)

function placed(ticket: TicketView, op: Extract<Op, { type: 'place' }>): TicketView {
  if (!mayPlace(ticket)) return ticket
  const { shop } = op
  const [lon, lat] = op.at ?? [shop?.lon ?? null, shop?.lat ?? null]
  const retailer = shop && {
    licence_no: shop.licence_no,
    name: shop.name,
    address: shop.address,
    status: shop.status,
  }
  const place_quality = shop ? 'retailer' : 'pinned'
  return stepped(ticket, ticket.status, { retailer, lon, lat, place_quality, place_check_due: null })
}

/** The op for a ticket whose version turned out to be another by so many; an op about another ticket is left alone. */
export function shifted(op: Op, ticketId: number, by: number): Op {
  return 'version' in op && op.ticket_id === ticketId ? { ...op, version: op.version + by } : op
}

function withTicket(view: OfficerView, sortie: SortieCard, ticket: TicketView): OfficerView {
  return { ...view, sortie: { ...sortie, ticket } }
}

/** The unit without a task. */
function freed(view: OfficerView): UnitView {
  const duty = view.unit.in_repair_reason ? 'in_repair' : view.shift ? 'available' : 'off_shift'
  return { ...view.unit, duty, sortie_status: '' }
}

function applyService(view: OfficerView, inService: boolean, reason: string): OfficerView {
  const { unit } = view
  if (inService) {
    if (unit.duty !== 'in_repair') return view
    return { ...view, unit: freed({ ...view, unit: { ...unit, in_repair_reason: '' } }) }
  }
  // On scene or writing the report the unit keeps its case; before that the case goes back to the queue.
  const keeps = view.sortie !== null && ['on_scene', 'reporting'].includes(view.sortie.ticket.status)
  return {
    ...view,
    unit: { ...unit, duty: keeps ? unit.duty : 'in_repair', in_repair_reason: reason },
    offer: null,
    sortie: keeps ? view.sortie : null,
  }
}
