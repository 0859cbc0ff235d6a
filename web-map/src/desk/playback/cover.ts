import type { Track } from './track'

/** The spans of time in which the unit was heard of, between its silences, as [from, to] in Unix milliseconds. */
export function coverOf(track: Track): [from: number, to: number][] {
  const parts: [number, number][] = []
  for (let i = 0; i < track.at.length; i++) {
    const at = track.at[i]!
    const last = parts.at(-1)
    if (last && !track.blind[i]) last[1] = at
    else parts.push([at, at])
  }
  return parts
}
