import { computed, onMounted, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { ApiError, post } from '../api'
import { serverNow } from '../clock'
import { useSession } from '../stores/session'
import type { KeptFix } from './db'
import { verdictOf } from './outbox'
import { useOfficer } from './store'

const SEND_EVERY_MS = 10_000
const BATCH = 500
/** A phone that lies still gets no fix by itself: after so long one is asked for. */
const ASK_AFTER_MS = 30_000
/** About 28 hours at one fix every ten seconds; beyond that the oldest are dropped. */
const MOST_KEPT = 10_000
/** A position older than this is no longer shown as the own one. */
const LOST_MS = 60_000
const SWITCH = 'jiujin.officer.positions'

/** Why no position is sent, or that it is. */
export type PositionState = 'off' | 'off_shift' | 'insecure' | 'denied' | 'searching' | 'on'

export interface OwnPosition {
  lon: number
  lat: number
  accuracyM: number
  /** Unix milliseconds by the server's clock. */
  at: number
}

/**
 * Reports the phone's position while the switch is on and a shift runs: every fix is written down, and a batch is
 * sent every ten seconds. A browser stops this when the page is hidden; the vehicle's own receiver is the main
 * source.
 */
export function usePositions(): {
  wanted: Ref<boolean>
  state: Ref<PositionState>
  own: Ref<OwnPosition | null>
  waiting: Ref<number>
  sentAt: Ref<number>
} {
  const officer = useOfficer()
  const session = useSession()
  const wanted = ref(localStorage.getItem(SWITCH) === '1')
  const problem = ref<'' | 'denied'>('')
  const own = shallowRef<OwnPosition | null>(null)
  const waiting = ref(0)
  const sentAt = ref(0)
  let watchId: number | undefined
  let timer: ReturnType<typeof setInterval> | undefined
  let keptAt = 0
  let sending = false
  let lock: WakeLockSentinel | null = null

  const state = computed<PositionState>(() => {
    if (!isSecureContext || !('geolocation' in navigator)) return 'insecure'
    if (!wanted.value) return 'off'
    if (!officer.onShift) return 'off_shift'
    if (problem.value) return problem.value
    return own.value ? 'on' : 'searching'
  })
  const running = computed(() => ['denied', 'searching', 'on'].includes(state.value))

  function start(): void {
    problem.value = ''
    watchId = navigator.geolocation.watchPosition(took, failed, {
      enableHighAccuracy: true,
      maximumAge: 5_000,
      timeout: 30_000,
    })
    void stayAwake()
  }

  function stop(): void {
    if (watchId !== undefined) navigator.geolocation.clearWatch(watchId)
    watchId = undefined
    own.value = null
    void lock?.release()
    lock = null
  }

  function took(position: GeolocationPosition): void {
    problem.value = ''
    const { longitude, latitude, accuracy, speed, heading } = position.coords
    // The phone's clock may be wrong: only the age of the fix is taken from it.
    const at = serverNow() - Math.max(0, Date.now() - position.timestamp)
    own.value = { lon: longitude, lat: latitude, accuracyM: accuracy, at }
    if (at - keptAt < 1_000) return
    keptAt = at
    void keep({
      person: session.me?.id ?? 0,
      fixed_at: new Date(at).toISOString(),
      lon: longitude,
      lat: latitude,
      accuracy_m: Math.round(accuracy * 10) / 10,
      // The browser's speed is in metres a second; km/h to a tenth.
      ...(speed !== null && speed >= 0 ? { speed_kmh: Math.round(speed * 36) / 10 } : {}),
      ...(heading !== null && !Number.isNaN(heading) ? { heading_deg: Math.round(heading) % 360 } : {}),
    })
  }

  function failed(error: GeolocationPositionError): void {
    if (error.code === error.PERMISSION_DENIED) problem.value = 'denied'
    if (own.value && serverNow() - own.value.at > LOST_MS) own.value = null
  }

  async function keep(fix: KeptFix): Promise<void> {
    const db = officer.db
    if (!db) return
    await db.add('fixes', fix)
    const count = await db.count('fixes')
    if (count > MOST_KEPT) {
      const oldest = await db.getAllKeys('fixes', undefined, count - MOST_KEPT)
      await Promise.all(oldest.map((key) => db.delete('fixes', key)))
    }
    waiting.value = Math.min(count, MOST_KEPT)
  }

  /** Sends one batch after the other until nothing is left or the network fails. */
  async function send(): Promise<void> {
    if (sending || !officer.db || !officer.reachable || officer.signedOut) return
    sending = true
    try {
      while (await sendBatch());
    } catch (error) {
      // What the server could not take now stays for the next turn.
      if (!(error instanceof ApiError)) throw error
    } finally {
      sending = false
    }
  }

  /** Sends the oldest fixes; true when there are more. */
  async function sendBatch(): Promise<boolean> {
    const db = officer.db
    if (!db) return false
    const tx = db.transaction('fixes')
    const [keys, fixes] = await Promise.all([tx.store.getAllKeys(null, BATCH), tx.store.getAll(null, BATCH)])
    const me = session.me?.id
    const mine = fixes.filter((fix) => fix.person === me)
    if (mine.length > 0) {
      try {
        await post(
          '/fixes',
          mine.map(({ person: _, ...fix }) => fix),
        )
        sentAt.value = serverNow()
        // The server tells of a unit's state when something happens to it; a position alone is no event.
        if (officer.view?.unit.duty === 'no_signal') void officer.refresh()
      } catch (error) {
        if (!(error instanceof ApiError) || verdictOf(error) !== 'refused') throw error
      }
    }
    // Fixes of somebody who has left this phone are dropped: nobody else may report them.
    await Promise.all(keys.map((key) => db.delete('fixes', key)))
    waiting.value = await db.count('fixes')
    return waiting.value >= BATCH
  }

  async function stayAwake(): Promise<void> {
    if (!running.value || document.visibilityState !== 'visible') return
    lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null
  }

  watch(wanted, (on) => localStorage.setItem(SWITCH, on ? '1' : '0'))
  watch(running, (on) => (on ? start() : stop()))
  onMounted(() => {
    timer = setInterval(() => {
      if (watchId !== undefined && serverNow() - keptAt > ASK_AFTER_MS) {
        navigator.geolocation.getCurrentPosition(took, failed, { enableHighAccuracy: true, timeout: 20_000 })
      }
      void send()
    }, SEND_EVERY_MS)
    document.addEventListener('visibilitychange', stayAwake)
    if (running.value) start()
  })
  onScopeDispose(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', stayAwake)
    stop()
  })
  return { wanted, state, own, waiting, sentAt }
}
