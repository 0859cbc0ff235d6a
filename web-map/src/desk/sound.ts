import { computed, onScopeDispose, readonly, ref, type ComputedRef, type Ref } from 'vue'
import { beep } from '../beep'
import { useNow } from '../clock'

const MUTE_MS = 10 * 60_000

export type Tone = 'critical' | 'alarm'

/** Frequencies in Hz of the two short tones: rising for a new critical ticket, falling for an alarm. */
const TONES: Record<Tone, [number, number]> = { critical: [660, 990], alarm: [740, 494] }

export interface Sound {
  /** False until somebody has clicked: browsers play nothing before. */
  on: Readonly<Ref<boolean>>
  /** Seconds of silence left; 0 = not muted. */
  mutedS: ComputedRef<number>
  start: () => void
  toggleMute: () => void
  /** Plays the two tones; does nothing while off or muted, since every alert is shown as well. */
  play: (tone: Tone) => void
}

/** Sound of the desk, made by the browser itself. */
export function useSound(): Sound {
  const now = useNow()
  const on = ref(false)
  const mutedUntil = ref(0)
  let context: AudioContext | null = null

  const mutedS = computed(() => Math.max(0, Math.ceil((mutedUntil.value - now.value) / 1000)))

  function start(): void {
    context ??= new AudioContext()
    void context.resume()
    on.value = true
  }

  function toggleMute(): void {
    mutedUntil.value = mutedS.value > 0 ? 0 : now.value + MUTE_MS
  }

  function play(tone: Tone): void {
    if (!context || mutedS.value > 0) return
    TONES[tone].forEach((hertz, i) => beep(context!, hertz, i * 0.22, 0.2, 0.25))
  }

  onScopeDispose(() => void context?.close())
  return { on: readonly(on), mutedS, start, toggleMute, play }
}
