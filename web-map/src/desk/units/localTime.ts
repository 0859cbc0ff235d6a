import { TIME_ZONE } from '../../format'

/** Asia/Shanghai has had one offset, without summer time, since 1991. */
const OFFSET = '+08:00'

const field = new Intl.DateTimeFormat('sv-SE', {
  timeZone: TIME_ZONE,
  dateStyle: 'short',
  timeStyle: 'short',
})

/** "2026-11-22T14:10", for a datetime-local field, of a moment in Unix milliseconds. */
export function toField(at: number): string {
  return field.format(at).replace(' ', 'T')
}

/** The moment a datetime-local field means, as RFC 3339 UTC; empty when the field holds none. */
export function fromField(text: string): string {
  const at = Date.parse(`${text}:00${OFFSET}`)
  return Number.isNaN(at) ? '' : new Date(at).toISOString()
}
