import { computed, onMounted, onScopeDispose, ref, shallowRef, type ComputedRef, type Ref } from 'vue'
import { get } from '../api'
import { serverNow } from '../clock'
import { useConfig } from '../stores/config'
import type { PublicBoard } from './shapes'
import { sumOf, type Sum } from './sum'

const EVERY_MS = 60_000
const AGAIN_MS = 10_000

/** Reads the hall's figures every minute, every ten seconds while the server does not answer. */
export function useHall(): {
  board: Ref<PublicBoard | null>
  lost: Ref<boolean>
  readAt: Ref<number>
  open: ComputedRef<Sum | null>
  closed: ComputedRef<Sum | null>
} {
  const settings = useConfig()
  const board = shallowRef<PublicBoard | null>(null)
  const lost = ref(false)
  const readAt = ref(0)
  let timer: ReturnType<typeof setTimeout> | undefined
  let gone = false

  async function read(): Promise<void> {
    try {
      board.value = await get<PublicBoard>('/public/board')
      readAt.value = serverNow()
      lost.value = false
      await settings.load()
    } catch {
      lost.value = true
    }
    if (!gone) timer = setTimeout(read, lost.value ? AGAIN_MS : EVERY_MS)
  }

  onMounted(read)
  onScopeDispose(() => {
    gone = true
    clearTimeout(timer)
  })
  const sum = (pick: (d: PublicBoard['by_district'][number]) => number | null) =>
    computed(() => (board.value ? sumOf(board.value.by_district.map(pick)) : null))
  return { board, lost, readAt, open: sum((d) => d.open), closed: sum((d) => d.closed) }
}
