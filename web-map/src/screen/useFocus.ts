import { computed, ref, watch, type ComputedRef } from 'vue'
import { useNow } from '../clock'
import { useBoard } from '../stores/board'
import { hasArrived, isOverdue, isUntaken } from '../tickets'
import type { TicketView } from '../wire'

const HOLD_MS = 20_000

/** The ticket the room should look at: the worst one nobody has taken, else the worst overdue, else the first. */
export function worstOf(queue: readonly TicketView[], now: number): TicketView | null {
  return (
    queue.find((t) => isUntaken(t) && t.lon !== null && t.status !== 'registered') ??
    queue.find((t) => isOverdue(t, now)) ??
    queue.find((t) => !hasArrived(t)) ??
    queue[0] ??
    null
  )
}

/** The focused ticket; it changes by itself at most every 20 s, and not at all while somebody has pinned one. */
export function useFocus(): {
  focus: ComputedRef<TicketView | null>
  pinned: ComputedRef<boolean>
  pin: (id: number) => void
} {
  const board = useBoard()
  const now = useNow()
  const chosen = ref<number | null>(null)
  const pinnedId = ref<number | null>(null)
  let chosenAt = 0

  watch(
    [() => board.queue, now],
    () => {
      const best = worstOf(board.queue, now.value)
      const gone = chosen.value === null || !board.tickets.has(chosen.value)
      if (best?.id === chosen.value) return
      if (!gone && now.value - chosenAt < HOLD_MS) return
      chosen.value = best?.id ?? null
      chosenAt = now.value
    },
    { immediate: true },
  )

  const pinned = computed(() => pinnedId.value !== null && board.tickets.has(pinnedId.value))
  const focus = computed(() => {
    const id = pinned.value ? pinnedId.value : chosen.value
    return id === null ? null : (board.tickets.get(id) ?? null)
  })
  return {
    focus,
    pinned,
    /** Pins a ticket; pinning it again lets go. */
    pin: (id) => (pinnedId.value = pinnedId.value === id ? null : id),
  }
}
