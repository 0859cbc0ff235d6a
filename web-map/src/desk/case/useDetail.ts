import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { get } from '../../api'
import { useBoard } from '../../stores/board'
import type { TicketDetail, TicketView } from '../../wire'

const SETTLE_MS = 250

/**
 * The opened ticket: the live view from the board, and its detail (words of the caller, timeline, rights), read
 * again whenever the ticket changes. A closed ticket is not on the board; then the detail stands in.
 */
export function useDetail(openId: Ref<number | null>) {
  const board = useBoard()
  const detail = shallowRef<TicketDetail | null>(null)
  const error = shallowRef<unknown>(null)
  const loading = ref(false)
  let turn = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const ticket = computed<TicketView | null>(() => {
    const id = openId.value
    if (id === null) return null
    const known = detail.value?.id === id ? detail.value : null
    const live = board.tickets.get(id)
    return live && (!known || live.version >= known.version) ? live : known
  })

  /** What the person may do with the ticket now; empty until its detail of this status is here. */
  const actions = computed<string[]>(() => {
    const same = detail.value?.id === ticket.value?.id && detail.value?.status === ticket.value?.status
    return same ? (detail.value?.actions ?? []) : []
  })

  async function reload(): Promise<void> {
    const id = openId.value
    const mine = ++turn
    if (id === null) return
    loading.value = true
    try {
      const fresh = await get<TicketDetail>(`/tickets/${id}`)
      if (mine !== turn) return
      detail.value = fresh
      error.value = null
    } catch (cause) {
      if (mine === turn) error.value = cause
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  watch(
    openId,
    () => {
      detail.value = null
      error.value = null
      void reload()
    },
    { immediate: true },
  )
  watch(
    () => {
      const id = openId.value
      return id === null
        ? ''
        : `${board.tickets.get(id)?.version}/${board.events.find((e) => e.ticket_id === id)?.seq}`
    },
    () => {
      clearTimeout(timer)
      timer = setTimeout(reload, SETTLE_MS)
    },
  )
  onScopeDispose(() => clearTimeout(timer))
  return { ticket, detail, actions, loading, error, reload }
}
