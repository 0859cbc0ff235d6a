import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { get } from '../../api'
import { sentenceOf } from '../../errors'
import type { Scene } from '../shapes'

/** While the clock runs the server is asked at most this often. */
const EVERY_MS = 1_000

/**
 * The board at the shown moment, while `wanted`. One question is under way at a time; when the moment has moved on
 * meanwhile, the next one is asked for where it is then.
 */
export function useScene(at: Ref<number>, wanted: Ref<boolean>) {
  const scene = shallowRef<Scene | null>(null)
  const failure = ref('')
  let asking: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = NaN

  async function ask(): Promise<void> {
    const moment = Math.floor(at.value / 1000) * 1000
    if (!wanted.value || asking || moment === asked) return
    asked = moment
    asking = new AbortController()
    const { signal } = asking
    try {
      const iso = encodeURIComponent(new Date(moment).toISOString())
      const fresh = await get<Scene>(`/scene?at=${iso}`, { signal })
      if (signal.aborted) return
      scene.value = fresh
      failure.value = ''
    } catch (error) {
      if (!signal.aborted) failure.value = sentenceOf(error)
    }
    timer = setTimeout(() => {
      asking = null
      void ask()
    }, EVERY_MS)
  }

  function stop(): void {
    asking?.abort()
    asking = null
    clearTimeout(timer)
    asked = NaN
  }

  watch(
    [at, wanted],
    () => {
      if (wanted.value) void ask()
      else {
        stop()
        scene.value = null
        failure.value = ''
      }
    },
    { immediate: true },
  )
  onScopeDispose(stop)
  return { scene, failure }
}
