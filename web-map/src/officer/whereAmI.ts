import { serverNow } from '../clock'

/** A place of the officer or, without an accuracy, of the unit's vehicle. */
export interface Here {
  lon: number
  lat: number
  accuracyM: number | null
  /** Unix milliseconds by the server's clock. */
  at: number
}

const WAIT_MS = 10_000
const OLDEST_MS = 15_000

/** An older position is not where somebody stands now. */
const FRESH_MS = 60_000
/** A worse position may be across the street: it is not taken without being picked. */
const GOOD_M = 30
/** So far from a shop its vehicle may be parked, or the crew have gone since; no register moves a shop by it. */
const AWAY_M = 100

/** Whether the position is of the present: of `now`, Unix milliseconds by the server's clock. */
export const isFresh = (here: Here, now: number) => now - here.at <= FRESH_MS

/** Whether it may be taken for where the officer stands: the phone's, fresh, and good enough to tell shops apart. */
export const isGood = (here: Here, now: number) =>
  here.accuracyM !== null && here.accuracyM <= GOOD_M && isFresh(here, now)

/** How far the shop in front of the officer may be from the position, in metres. */
export function accuracyOf(here: Here, now: number): number {
  const { accuracyM } = here
  if (accuracyM === null || !isFresh(here, now)) return Math.max(AWAY_M, accuracyM ?? 0)
  return accuracyM
}

/** Asks the phone once where it is; null when it does not say. Nothing is reported by this. */
export function whereAmI(): Promise<Here | null> {
  if (!isSecureContext || !('geolocation' in navigator)) return Promise.resolve(null)
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) =>
        resolve({
          lon: Number(coords.longitude.toFixed(6)),
          lat: Number(coords.latitude.toFixed(6)),
          accuracyM: coords.accuracy,
          at: serverNow(),
        }),
      () => resolve(null),
      { enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: OLDEST_MS },
    )
  })
}
