import { computed, onScopeDispose, ref, type ComputedRef } from 'vue'
import type { TicketView } from '../wire'

const PAGE_MS = 12_000
const MAX_PINNED = 4

/**
 * Cuts the queue into pages of `size` rows that turn every 12 s. The first `pinned` rows (4 at most) stay on
 * every page, so that what cannot wait is always seen.
 */
export function usePages(
  queue: () => readonly TicketView[],
  pinned: () => number,
  size: number,
): { rows: ComputedRef<TicketView[]>; page: ComputedRef<number>; pages: ComputedRef<number> } {
  const turn = ref(0)
  const timer = setInterval(() => turn.value++, PAGE_MS)
  onScopeDispose(() => clearInterval(timer))

  const kept = computed(() => (queue().length > size ? Math.min(pinned(), MAX_PINNED) : 0))
  const pages = computed(() => Math.max(1, Math.ceil((queue().length - kept.value) / (size - kept.value))))
  const page = computed(() => turn.value % pages.value)
  const rows = computed(() => {
    const rest = size - kept.value
    const from = kept.value + page.value * rest
    return [...queue().slice(0, kept.value), ...queue().slice(from, from + rest)]
  })
  return { rows, page, pages }
}
