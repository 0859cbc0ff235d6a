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
