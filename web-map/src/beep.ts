/** Plays one soft tone: `hertz` high, after `afterS` seconds, for `lengthS` seconds, at `volume` 0..1. */
export function beep(
  context: AudioContext,
  hertz: number,
  afterS: number,
  lengthS: number,
  volume: number,
): void {
  const from = context.currentTime + afterS
  const source = context.createOscillator()
  const gain = context.createGain()
  source.frequency.value = hertz
  gain.gain.setValueAtTime(0, from)
  gain.gain.linearRampToValueAtTime(volume, from + 0.02)
  gain.gain.setValueAtTime(volume, from + lengthS - 0.06)
  gain.gain.linearRampToValueAtTime(0, from + lengthS)
  source.connect(gain).connect(context.destination)
  source.start(from)
  source.stop(from + lengthS)
}
