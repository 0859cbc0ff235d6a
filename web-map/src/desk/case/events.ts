import { distance, minutes } from '../../format'
import type { EventView } from '../../wire'
import type { PlaceChecked } from '../../wire/place'

/** Every kind of event that has words of its own: desk.event.<type with _ for the dot>. */
export const EVENT_TYPES = [
  'ticket.registered',
  'ticket.triaged',
  'offer.made',
  'offer.accepted',
  'offer.declined',
  'offer.expired',
  'offer.withdrawn',
  'sortie.departed',
  'sortie.arrived',
  'sortie.finished',
  'sortie.aborted',
  'ticket.closed',
  'ticket.cancelled',
  'ticket.amended',
  'ticket.redispatched',
  'ticket.alarm',
  'dispatch.proposed',
  'arrival.proposed',
  'unit.out_of_service',
  'unit.in_service',
  'shift.added',
  'shift.ended',
  'vault.revealed',
  'ticket.attached',
  'terminal.arrived',
  'terminal.done',
  'terminal.help',
  'terminal.sos',
  'place.unverified',
  'place.asked',
  'place.verified',
] as const

/** The names an event's codes stand for. */
export interface Names {
  unit: (id: number | undefined) => string
  decline: (code: string) => string
  outcome: (code: string) => string
}

type Translate = (key: string, params?: Record<string, unknown>) => string

/** What happened, as a sentence in the page's language, with its reason and figures where the event has them. */
export function eventText(t: Translate, event: EventView, names: Names): string {
  const known = (EVENT_TYPES as readonly string[]).includes(event.type)
  if (!known) return t('desk.event.other', { type: event.type })
  const d = event.data ?? {}
  const unit = typeof d.call_sign === 'string' ? d.call_sign : names.unit(event.unit_id)
  if (event.type === 'ticket.alarm') {
    return d.alarm ? t(`desk.alarm.${String(d.alarm)}`) : t('desk.event.alarmCleared')
  }
  const text = t(`desk.event.${event.type.replace('.', '_')}`, { unit })
  return [text, ...extras(t, event, names)].join(' · ')
}

function extras(t: Translate, event: EventView, names: Names): string[] {
  const d = event.data ?? {}
  const out: string[] = []
  if (event.type === 'offer.made') {
    if (d.mode) out.push(t(`desk.offer.mode.${String(d.mode)}`))
    if (typeof d.distance_m === 'number') out.push(distance(d.distance_m))
    if (typeof d.eta_s === 'number') out.push(`${minutes(d.eta_s)} ${t('time.minute')}`)
  }
  if (event.type === 'ticket.amended' && d.urgency) out.push(t(`urgency.${String(d.urgency)}`))
  if (event.type === 'ticket.amended' && d.urgency_reason) out.push(String(d.urgency_reason))
  if (event.type === 'sortie.arrived' && typeof d.distance_m === 'number') {
    out.push(t('desk.event.fromScene', { way: distance(d.distance_m) }))
  }
  if (event.type === 'place.asked' && d.outcome) out.push(t(`desk.event.placeAsked.${String(d.outcome)}`))
  else if (typeof d.outcome === 'string' && d.outcome) out.push(names.outcome(d.outcome))
  if (event.type === 'place.verified') out.push(...placeFound(t, d))
  if (typeof d.reason === 'string' && d.reason) out.push(reasonOf(t, event.type, d.reason, names))
  if (typeof d.note === 'string' && d.note) out.push(d.note)
  return out
}

/** Which shop it is and how far the ticket moved. */
function placeFound(t: Translate, d: Record<string, unknown>): string[] {
  const shop = typeof d.retailer === 'string' && d.retailer
  const out = [shop ? t('place.event.shop', { name: shop }) : t('place.event.noShop')]
  if (typeof d.moved_m === 'number') {
    out.push(d.moved_m < 5 ? t('place.event.same') : t('place.event.moved', { way: distance(d.moved_m) }))
  }
  return out
}

/** What the place check adds to its events: kept beside the log, as a note may name the caller. */
export function checkText(t: Translate, event: EventView, check: PlaceChecked | null): string[] {
  if (event.type === 'place.unverified' && check?.question) {
    return [t('place.event.question', { text: check.question })]
  }
  if (event.type === 'place.asked' && check?.note) return [t('place.event.note', { text: check.note })]
  return []
}

function reasonOf(t: Translate, type: string, reason: string, names: Names): string {
  if (type === 'offer.declined') return names.decline(reason)
  return reason === 'in_repair' ? t('duty.in_repair') : reason
}

/** Who did it: the name when the server gives one, else the number of person or terminal; the system for the engine. */
export function actorText(t: Translate, event: Pick<EventView, 'actor' | 'actor_name'>): string {
  const [kind, id] = event.actor.split(':')
  if (kind === 'engine' || kind === 'system') return t('desk.actor.system')
  if (kind === 'terminal' && id) return event.actor_name || t('desk.actor.terminal', { id })
  if (kind !== 'person' || !id) return event.actor
  return event.actor_name || t('desk.actor.person', { id })
}
