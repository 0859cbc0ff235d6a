import {
  Map as MapLibre,
  setWorkerUrl,
  type LngLatBoundsLike,
  type MapOptions,
  type PaddingOptions,
} from 'maplibre-gl'
import 'maplibre-gl/dist/maplibre-gl.css'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import type { Config } from '../wire'
import type { Theme } from './palette'
import { baseStyle } from './style'

setWorkerUrl(workerUrl)

export interface MapSettings {
  container: HTMLElement
  config: Config | null
  theme: Theme
  /** Scale of the page: 1 at 1920x1080 and on desks and phones, 2 on a 4K wall. */
  scale: number
  padding?: PaddingOptions
  interactive?: boolean
}

/** Mainland China, for an installation without a basemap and without data. */
const ANYWHERE: LngLatBoundsLike = [100, 22, 120, 40]

/** Makes a map that shows the whole basemap. Throws when the browser has no WebGL2. */
export function createMap(settings: MapSettings): MapLibre {
  const options: MapOptions = {
    container: settings.container,
    style: baseStyle(settings.config, settings.theme, settings.scale),
    attributionControl: false,
    interactive: settings.interactive ?? true,
    fadeDuration: 0,
    maxPitch: 0,
    dragRotate: false,
    pitchWithRotate: false,
    maxZoom: 18,
  }
  const map = new MapLibre(options)
  map.touchZoomRotate?.disableRotation()
  if (settings.padding) map.setPadding(settings.padding)
  map.fitBounds(settings.config?.basemap?.bounds ?? ANYWHERE, { animate: false })
  return map
}
