import { computed, onScopeDispose, ref, shallowRef, type ComputedRef } from 'vue'
import type { TicketView } from '../wire'

const HOLD_MS = 10_000

/**
 * Keeps a list still while somebody points at it: known rows stay where they are, also those that have left, and
 * new ones go to the end. Without movement of the pointer the hold ends after 10 s.
 */
export function useOrder(list: ComputedRef<readonly TicketView[]>) {
  const kept = shallowRef<readonly TicketView[] | null>(null)
  const held = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined

  const rows = computed<readonly TicketView[]>(() => {
    if (!kept.value) return list.value
    const newest = new Map(list.value.map((t) => [t.id, t]))
    const known = new Set(kept.value.map((t) => t.id))
    const added = list.value.filter((t) => !known.has(t.id))
    return [...kept.value.map((t) => newest.get(t.id) ?? t), ...added]
  })
  /** How many new rows wait at the end for their place. */
  const added = computed(() => (kept.value ? Math.max(0, rows.value.length - kept.value.length) : 0))

  function hold(): void {
    clearTimeout(timer)
    timer = setTimeout(release, HOLD_MS)
    if (held.value) return
    held.value = true
    kept.value = list.value
  }

  function release(): void {
    clearTimeout(timer)
    held.value = false
    kept.value = null
  }

  onScopeDispose(() => clearTimeout(timer))
  return { rows, added, hold, release }
}
