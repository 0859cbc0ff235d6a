import type { ApiError } from '../api'
import type { OfficerView, TicketStatus, TicketView } from '../wire'
import type { Op } from './ops'

/** Why something the officer did was not carried out; a word of the messages `officer.conflict`. */
export type Conflict =
  'expired' | 'reassigned' | 'cancelled' | 'closed' | 'done_already' | 'changed' | 'busy' | 'gone' | 'other'

/** What the officer is told until it is put away. */
export interface Notice {
  id: string
  /** What was not carried out, in order; all for the same reason. Empty when the case was taken away. */
  ops: Op['type'][]
  /** Number of the ticket; empty when the op concerns none. */
  number: string
  conflict: Conflict
  /** The server's own sentence. */
  detail: string
  at: string
}

/**
 * Adds a notice; one about the same ticket and for the same reason grows instead. That a case is gone is not said
 * beside what could not be done about it.
 */
export function withNotice(list: readonly Notice[], notice: Notice): Notice[] {
  const same = (n: Notice) => n.number !== '' && n.number === notice.number
  if (notice.ops.length === 0 && list.some(same)) return [...list]
  const rest = list.filter((n) => !(same(n) && n.ops.length === 0))
  const last = rest.at(-1)
  if (!last || !same(last) || last.conflict !== notice.conflict) return [...rest, notice]
  return [...rest.slice(0, -1), { ...last, ops: [...last.ops, ...notice.ops] }]
}

/** The ticket that was taken from the unit between two states of the server; null when none was. */
export function takenAway(
  before: OfficerView | null,
  after: OfficerView,
  own: readonly Op[],
): TicketView | null {
  const ticket = before?.sortie?.ticket
  if (!ticket || ticket.status === 'reporting') return null
  if (after.sortie?.ticket.id === ticket.id || before.unit.id !== after.unit.id) return null
  const ended = own.some(
    (op) =>
      op.type === 'service' || ('ticket_id' in op && op.ticket_id === ticket.id && ENDS.includes(op.type)),
  )
  return ended ? null : ticket
}

const ENDS: Op['type'][] = ['redispatch', 'close']

const ORDER: TicketStatus[] = ['accepted', 'en_route', 'on_scene', 'reporting', 'closed']
const TARGET: Partial<Record<Op['type'], TicketStatus>> = {
  depart: 'en_route',
  arrive: 'on_scene',
  finish: 'reporting',
  close: 'closed',
}

/** Puts a refusal into one of a few words. unitId is the officer's own unit. */
export function conflictOf(op: Op, error: ApiError, unitId: number): Conflict {
  switch (error.code) {
    case 'offer_closed':
      return 'expired'
    case 'ticket_taken':
    case 'forbidden':
      return 'reassigned'
    case 'unit_busy':
      return 'busy'
    case 'illegal_transition':
      return 'changed'
    case 'version_conflict':
    case 'not_your_ticket':
      return ofCurrent(op, error.problem.current as TicketView | undefined, unitId)
  }
  return error.status === 404 ? 'gone' : 'other'
}

function ofCurrent(op: Op, current: TicketView | undefined, unitId: number): Conflict {
  if (!current) return 'changed'
  if (current.status === 'cancelled') return 'cancelled'
  const target = TARGET[op.type]
  const mine = current.unit?.id === unitId
  if (op.type === 'place' && mine && sameShop(op, current)) return 'done_already'
  const reached = target !== undefined && ORDER.indexOf(current.status) >= ORDER.indexOf(target)
  if (mine && reached) return 'done_already'
  if (current.status === 'closed') return 'closed'
  return mine ? 'changed' : 'reassigned'
}

const sameShop = (op: Extract<Op, { type: 'place' }>, current: TicketView) =>
  op.shop !== null && current.retailer?.licence_no === op.shop.licence_no
