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

type Translate = (key: string, params?: Record<string, unknown>) => string

/**
 * Why a unit stands where it stands, as a sentence in the page's language. `declineName` names the code of a
 * decline reason.
 */
export function reasonText(
  t: Translate,
  candidate: Pick<Candidate, 'reason' | 'params'>,
  declineName: (code: string) => string,
): string {
  const p = candidate.params ?? {}
  const code = candidate.reason
  switch (code) {
    case 'farther': {
      const minutes = Math.round(Number(p.more_s ?? 0) / 60)
      return minutes >= 1 ? t('desk.reason.farther', { n: minutes }) : t('desk.reason.fartherLittle')
    }
    case 'other_squad':
      return t('desk.reason.other_squad', { n: p.more_min ?? 0 })
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
      return penaltyText(t, Number(p.decline_min ?? 0), Number(p.age_min ?? 0))
    case 'eta_over_cap':
      return t('desk.reason.eta_over_cap', { n: p.cap_min ?? 0 })
    case 'best':
    case 'off_shift':
    case 'no_fix':
    case 'crew_too_small':
      return t(`desk.reason.${code}`)
    default:
      return t('desk.reason.unknown', { code })
  }
}

/** Why a unit that would be there first does not rank first, in minutes that were added to its arrival. */
function penaltyText(t: Translate, declineMin: number, ageMin: number): string {
  const parts: string[] = []
  if (declineMin > 0) parts.push(t('desk.reason.penaltyDecline', { n: declineMin }))
  if (ageMin > 0) parts.push(t('desk.reason.penaltyAge', { n: ageMin }))
  return [t('desk.reason.penalised'), ...parts].join(' · ')
}

function statusName(t: Translate, status: unknown): string {
  return status ? t(`status.${String(status)}`) : t('duty.committed')
}
