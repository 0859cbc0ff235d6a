/** Sound and vibration for a new offer. The sound is made here; there is no file to load. */

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
  tone(audio, 660, 0, 0.22)
  tone(audio, 990, 0.26, 0.34)
}

function tone(context: AudioContext, hertz: number, afterS: number, lengthS: number): void {
  const from = context.currentTime + afterS
  const source = context.createOscillator()
  const volume = context.createGain()
  source.frequency.value = hertz
  volume.gain.setValueAtTime(0, from)
  volume.gain.linearRampToValueAtTime(0.5, from + 0.02)
  volume.gain.setValueAtTime(0.5, from + lengthS - 0.06)
  volume.gain.linearRampToValueAtTime(0, from + lengthS)
  source.connect(volume).connect(context.destination)
  source.start(from)
  source.stop(from + lengthS)
}
