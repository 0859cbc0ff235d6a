import { onScopeDispose, ref, watch, type Ref } from 'vue'

export const SPEEDS = [1, 10, 60, 300] as const

/**
 * The moment that is shown, and the clock that moves it: `speed` seconds of the past in one second. It opens at the
 * end of the span; `begin` says where there is something to see first.
 */
export function usePlayer(span: Ref<{ from: number; to: number }>, begin: () => number) {
  const at = ref(span.value.to)
  const playing = ref(false)
  const speed = ref<number>(60)
  let frame = 0
  let last = 0

  function step(now: number): void {
    at.value = Math.min(span.value.to, at.value + (now - last) * speed.value)
    last = now
    if (at.value >= span.value.to) playing.value = false
    else frame = requestAnimationFrame(step)
  }

  function seek(moment: number): void {
    at.value = Math.min(span.value.to, Math.max(span.value.from, moment))
  }

  /** Starts or stops; at the end it starts anew. */
  function toggle(): void {
    if (!playing.value && at.value >= span.value.to) at.value = begin()
    playing.value = !playing.value
  }

  watch(playing, (on) => {
    cancelAnimationFrame(frame)
    if (!on) return
    last = performance.now()
    frame = requestAnimationFrame(step)
  })
  watch(span, ({ from, to }, before) => {
    const atEnd = at.value >= before.to
    if (atEnd || at.value < from || at.value > to) at.value = to
  })
  onScopeDispose(() => cancelAnimationFrame(frame))
  return { at, playing, speed, seek, toggle }
}

export type Player = ReturnType<typeof usePlayer>
