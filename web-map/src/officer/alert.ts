import { beep } from '../beep'

/** The voice of the alerts; null until the first touch. The sound is made here, there is no file to load. */
let audio: AudioContext | null = null

/** Browsers play sound only after the reader has touched the page once: call this at the first touch. */
export function unlockSound(): void {
  audio ??= typeof AudioContext === 'undefined' ? null : new AudioContext()
  void audio?.resume().catch(() => undefined)
}

/** Two rising tones and three short buzzes; silent where the phone allows neither. */
export function alertOffer(): void {
  navigator.vibrate?.([400, 150, 400, 150, 400])
  if (!audio || audio.state !== 'running') return
  beep(audio, 660, 0, 0.22, 0.5)
  beep(audio, 990, 0.26, 0.34, 0.5)
}
