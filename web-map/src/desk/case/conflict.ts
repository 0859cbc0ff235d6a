import { placeName } from '../../tickets'
import type { TicketView } from '../../wire'

/** One thing that is different in the ticket than the reader thought. Texts: desk.conflict.<field>. */
export interface Change {
  field: 'status' | 'urgency' | 'place' | 'offer' | 'unit'
  before: string
  after: string
}

type Translate = (key: string) => string

/** What somebody else has changed in a ticket, in words; empty when nothing that is shown differs. */
export function changesOf(t: Translate, before: TicketView, after: TicketView): Change[] {
  const none = t('desk.conflict.none')
  const rows: Change[] = [
    { field: 'status', before: t(`status.${before.status}`), after: t(`status.${after.status}`) },
    { field: 'urgency', before: t(`urgency.${before.urgency}`), after: t(`urgency.${after.urgency}`) },
    { field: 'place', before: placeName(before), after: placeName(after) },
    { field: 'offer', before: before.offer?.call_sign ?? none, after: after.offer?.call_sign ?? none },
    { field: 'unit', before: before.unit?.call_sign ?? none, after: after.unit?.call_sign ?? none },
  ]
  return rows.filter((row) => row.before !== row.after)
}
