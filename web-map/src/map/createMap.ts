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
import { baseStyle, type Look } from './style'

setWorkerUrl(workerUrl)

export interface MapSettings {
  container: HTMLElement
  config: Config | null
  look: Look
  padding?: PaddingOptions
  interactive?: boolean
}

/** Mainland China, for an installation without a basemap and without data. */
const ANYWHERE: LngLatBoundsLike = [100, 22, 120, 40]

/** Makes a map that shows the whole basemap. Throws when the browser has no WebGL2. */
export function createMap(settings: MapSettings): MapLibre {
  const options: MapOptions = {
    container: settings.container,
    style: baseStyle(settings.config, settings.look),
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

/** Puts another base under everything that was laid on the map, which stays. `first` is the lowest layer of that. */
export function replaceBase(map: MapLibre, config: Config | null, look: Look, first: string): void {
  const order = map.getLayersOrder()
  const old = order.slice(0, order.indexOf(first))
  const sources = new Set(old.map((id) => map.getLayer(id)?.source).filter((id) => id !== undefined))
  for (const id of old) map.removeLayer(id)
  for (const id of sources) if (map.getSource(id)) map.removeSource(id)
  const style = baseStyle(config, look)
  for (const [id, source] of Object.entries(style.sources)) map.addSource(id, source)
  for (const layer of style.layers) map.addLayer(layer, first)
}
