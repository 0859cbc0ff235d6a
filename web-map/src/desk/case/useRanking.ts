import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef } from 'vue'
import { get } from '../../api'
import { useBoard } from '../../stores/board'
import { isUntaken } from '../../tickets'
import type { Candidate, CandidateList, TicketView } from '../../wire'

const THROTTLE_MS = 3_000
const EVERY_MS = 15_000
/** A list under the pointer stays still, but not for ever. */
const HOLD_MS = 10_000

/**
 * The ranking of units for the opened ticket while nobody has taken it. It follows the units (at most every 3 s)
 * and the passing of time; while hold(true) the shown list stays as it is and `waiting` says that a newer one is
 * there.
 */
export function useRanking(ticket: ComputedRef<TicketView | null>) {
  const board = useBoard()
  const shown = shallowRef<Candidate[]>([])
  const error = shallowRef<unknown>(null)
  const loaded = ref(false)
  const waiting = ref(false)
  let next: Candidate[] | null = null
  let held = false
  let turn = 0
  let lastAt = 0
  let soon: ReturnType<typeof setTimeout> | undefined
  let release: ReturnType<typeof setTimeout> | undefined

  const wanted = () => {
    const t = ticket.value
    return t !== null && isUntaken(t) && t.lon !== null && t.lat !== null ? t.id : null
  }

  async function refresh(): Promise<void> {
    clearTimeout(soon)
    soon = undefined
    const id = wanted()
    if (id === null) return clear()
    lastAt = performance.now()
    const mine = ++turn
    try {
      const list = await get<CandidateList>(`/tickets/${id}/candidates`)
      if (mine !== turn) return
      error.value = null
      if (held && loaded.value) {
        next = list.candidates
        waiting.value = true
      } else show(list.candidates)
    } catch (cause) {
      if (mine === turn) error.value = cause
    }
  }

  function show(list: Candidate[]): void {
    shown.value = list
    loaded.value = true
    next = null
    waiting.value = false
  }

  function clear(): void {
    turn++
    next = null
    shown.value = []
    loaded.value = false
    waiting.value = false
    error.value = null
  }

  function later(): void {
    if (soon !== undefined || wanted() === null) return
    soon = setTimeout(refresh, Math.max(0, lastAt + THROTTLE_MS - performance.now()))
  }

  /** Keeps the list as it is while somebody points at it. */
  function hold(on: boolean): void {
    held = on
    clearTimeout(release)
    if (on) release = setTimeout(() => hold(false), HOLD_MS)
    else if (next) show(next)
  }

  watch(
    () => ticket.value?.id,
    () => {
      held = false
      clear()
    },
  )
  watch([() => ticket.value?.id, () => ticket.value?.status, () => ticket.value?.version], refresh, {
    immediate: true,
  })
  watch(() => board.units, later)
  const timer = setInterval(refresh, EVERY_MS)
  onScopeDispose(() => {
    clearInterval(timer)
    clearTimeout(soon)
    clearTimeout(release)
  })

  const eligible = computed(() => shown.value.filter((c) => c.eligible).sort((a, b) => a.rank - b.rank))
  const others = computed(() => shown.value.filter((c) => !c.eligible))
  return { eligible, others, loaded, waiting, error, refresh, hold }
}

export type Ranking = ReturnType<typeof useRanking>
