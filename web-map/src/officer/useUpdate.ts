import { onMounted, onScopeDispose, ref, type Ref } from 'vue'

/**
 * Registers the service worker that keeps the app for offline use, and tells when a newer version waits. It is
 * taken over only when the officer asks for it, never in the middle of a case.
 */
export function useUpdate(): { waiting: Ref<boolean>; update: () => void } {
  const waiting = ref(false)
  let registration: ServiceWorkerRegistration | undefined
  let asked = false

  function look(): void {
    waiting.value = Boolean(registration?.waiting && navigator.serviceWorker.controller)
  }

  function onVisible(): void {
    if (document.visibilityState === 'visible') void registration?.update().catch(() => undefined)
  }

  function onTakenOver(): void {
    if (asked) location.reload()
  }

  onMounted(async () => {
    // Absent on plain http; a development server has no worker to register.
    if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
    navigator.serviceWorker.addEventListener('controllerchange', onTakenOver)
    document.addEventListener('visibilitychange', onVisible)
    // The whole origin, because the map's own worker is asked for by its address under /assets.
    registration = await navigator.serviceWorker.register('/sw.js').catch(() => undefined)
    look()
    registration?.addEventListener('updatefound', () => {
      registration?.installing?.addEventListener('statechange', look)
    })
  })
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', onVisible)
    navigator.serviceWorker?.removeEventListener('controllerchange', onTakenOver)
  })

  function update(): void {
    asked = true
    registration?.waiting?.postMessage('update')
  }
  return { waiting, update }
}
