import { onMounted, onScopeDispose, watch } from 'vue'
import { useBoard } from '../stores/board'
import { useConfig } from '../stores/config'

/** What a screen that nobody touches needs: it stays awake, and reloads when the server has a new version. */
export function useKiosk(): void {
  const board = useBoard()
  const settings = useConfig()
  let lock: WakeLockSentinel | null = null

  async function stayAwake(): Promise<void> {
    if (document.visibilityState !== 'visible') return
    // Absent on plain http, refused when the battery is low: the screen works without.
    lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null
  }

  watch(
    () => board.boot,
    async (boot, before) => {
      if (!before || boot === before) return
      const old = settings.config?.version
      await settings.reload().catch(() => undefined)
      if (old && settings.config?.version !== old) location.reload()
    },
  )
  onMounted(() => {
    void stayAwake()
    document.addEventListener('visibilitychange', stayAwake)
  })
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', stayAwake)
    void lock?.release()
  })
}
