import type { Candidate } from '../wire'

/** Every reason a ranking can give for a unit. Texts: desk.reason.<code>. */
export const REASONS = [
  'best',
  'farther',
  'penalised',
  'other_squad',
  'off_shift',
  'in_repair',
  'stale_fix',
  'no_fix',
  'offered',
  'on_task',
  'declined_before',
  'eta_over_cap',
  'crew_too_small',
] as const

/** Reasons nobody can overrule; the server refuses an offer in spite of them. */
const HARD = ['in_repair', 'off_shift', 'on_task', 'offered']

export const isHard = (reason: string) => HARD.includes(reason)

/** Rankings that were kept before there were territories have none. */
type Ranked = Pick<Candidate, 'params'> & Partial<Pick<Candidate, 'territory'>>
type Translate = (key: string, params?: Record<string, unknown>) => string

/**
 * Why a unit stands where it stands, as a sentence in the page's language. `declineName` names the code of a
 * decline reason.
 */
export function reasonText(
  t: Translate,
  candidate: Pick<Candidate, 'reason'> & Ranked,
  declineName: (code: string) => string,
): string {
  const p = candidate.params ?? {}
  const code = candidate.reason
  switch (code) {
    case 'best':
      return [t('desk.reason.best'), ...territoryText(t, candidate)].join(' · ')
    case 'farther': {
      const minutes = Math.round(Number(p.more_s ?? 0) / 60)
      const later = minutes >= 1 ? t('desk.reason.farther', { n: minutes }) : t('desk.reason.fartherLittle')
      return [later, ...territoryText(t, candidate)].join(' · ')
    }
    case 'other_squad':
      return t('desk.reason.other_squad', { n: p.border_min ?? 0 })
    case 'in_repair':
      return p.text ? t('desk.reason.in_repair', { text: p.text }) : t('desk.reason.in_repairPlain')
    case 'stale_fix':
      return t('desk.reason.stale_fix', { n: Math.round(Number(p.age_s ?? 0) / 60) })
    case 'offered':
      return t('desk.reason.offered', { ticket: p.ticket ?? '' })
    case 'on_task':
      return t('desk.reason.on_task', { ticket: p.ticket ?? '', status: statusName(t, p.status) })
    case 'declined_before':
      if (p.reason === 'no_answer') return t('desk.reason.noAnswer')
      if (p.reason === 'aborted') return t('desk.reason.gaveBack')
      return t('desk.reason.declined_before', { reason: declineName(String(p.reason ?? '')) })
    case 'penalised':
      return penaltyText(t, candidate)
    case 'eta_over_cap':
      return t('desk.reason.eta_over_cap', { n: p.cap_min ?? 0 })
    case 'off_shift':
    case 'no_fix':
    case 'crew_too_small':
      return t(`desk.reason.${code}`)
    default:
      return t('desk.reason.unknown', { code })
  }
}

/** Why a unit that would be there first does not rank first, in minutes that were added to its arrival. */
function penaltyText(t: Translate, candidate: Ranked): string {
  const parts = [t('desk.reason.penalised')]
  const { decline_min: decline, age_min: age } = candidate.params
  if (Number(decline) > 0) parts.push(t('desk.reason.penaltyDecline', { n: decline }))
  if (Number(age) > 0) parts.push(t('desk.reason.penaltyAge', { n: age }))
  return [...parts, ...territoryText(t, candidate)].join(' · ')
}

/** Whose the place is: the unit's own, or the minutes that it counts for not being so; nothing when it is nobody's. */
function territoryText(t: Translate, { territory, params }: Ranked): string[] {
  if (territory === 'own') return [t('desk.reason.ownArea')]
  const minutes = Number(params?.border_min ?? 0)
  return minutes > 0 ? [t('desk.reason.penaltyBorder', { n: minutes })] : []
}

function statusName(t: Translate, status: unknown): string {
  return status ? t(`status.${String(status)}`) : t('duty.committed')
}
