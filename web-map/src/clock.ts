import { onScopeDispose, readonly, ref, type Ref } from 'vue'

/**
 * The server's clock. Desk computers drift, so timers never use the local clock: every message that carries the
 * server's time corrects the offset.
 */
let offsetMs = 0
let synced = false
const second = ref(Math.floor(Date.now() / 1000) * 1000)
let users = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** Milliseconds since 1970 by the server's clock. */
export function serverNow(): number {
  return Date.now() + offsetMs
}

/**
 * Takes the server's time from a message. A late message makes the server look slow, so the offset only moves
 * back by more than a second, or forward at once.
 */
export function syncClock(serverTime: string): void {
  const at = Date.parse(serverTime)
  if (Number.isNaN(at)) return
  const measured = at - Date.now()
  if (!synced || measured > offsetMs || offsetMs - measured > 1000) offsetMs = measured
  synced = true
}

/** The server's time in whole seconds (as milliseconds), ticking while the calling component lives. */
export function useNow(): Readonly<Ref<number>> {
  if (users++ === 0) run()
  onScopeDispose(() => {
    if (--users === 0) clearTimeout(timer)
  })
  return readonly(second)
}

function run(): void {
  const now = serverNow()
  second.value = Math.floor(now / 1000) * 1000
  timer = setTimeout(run, 1000 - (now % 1000) + 5)
}
