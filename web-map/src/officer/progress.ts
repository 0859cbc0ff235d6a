import type { TicketStatus } from '../wire'

/** The four steps of a case as the officer sees them; each is named after what is to be done. */
export const STEPS = ['accept', 'go', 'arrive', 'close'] as const
export type Step = (typeof STEPS)[number]
export type StepState = 'done' | 'now' | 'todo'

const CURRENT: Record<TicketStatus, number> = {
  registered: 0,
  to_dispatch: 0,
  offered: 0,
  accepted: 1,
  en_route: 2,
  on_scene: 3,
  reporting: 3,
  closed: 4,
  cancelled: 4,
}

/** What is done, what comes now, what is still to do. */
export function stepsOf(status: TicketStatus): { step: Step; state: StepState }[] {
  const current = CURRENT[status]
  return STEPS.map((step, i) => ({ step, state: i < current ? 'done' : i === current ? 'now' : 'todo' }))
}
