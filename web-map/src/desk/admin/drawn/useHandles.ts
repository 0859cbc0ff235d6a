import { Marker, type Map as MapLibre } from 'maplibre-gl'
import { nextTick, onScopeDispose, ref, watch, type Ref } from 'vue'
import { moved, split, without, type Draft, type Place } from './draft'

/** More handles than this on one view hide each other. */
const MOST = 60
const NUDGE_PX: Record<string, [number, number]> = {
  ArrowLeft: [-4, 0],
  ArrowRight: [4, 0],
  ArrowUp: [0, -4],
  ArrowDown: [0, 4],
}

interface Words {
  corner: (n: number) => string
  side: (n: number) => string
}

/**
 * Handles at the corners of a draft: dragged, moved with the arrow keys, removed with Delete or the right button; a
 * small one in the middle of each side makes a new corner. `crowded` says that there are too many on this view.
 */
export function useHandles(
  map: Readonly<Ref<MapLibre | undefined>>,
  draft: Ref<Draft | null>,
  words: Words,
  settled: () => void,
) {
  const crowded = ref(false)
  let markers: { at: () => Place; marker: Marker; corner?: number }[] = []
  let made = ''
  let held = false

  const corners = (): Place[] => {
    const d = draft.value
    return d ? (d.shape === 'polygon' ? d.corners : d.centre ? [d.centre] : []) : []
  }

  function place(): void {
    const m = map.value
    if (!m || held) return
    const all = corners()
    const bounds = m.getBounds()
    const focused = markers.find(({ marker }) => marker.getElement() === document.activeElement)?.corner
    const inView = all.flatMap((c, i) =>
      c.every(Number.isFinite) && (i === focused || bounds.contains(c)) ? [i] : [],
    )
    crowded.value = inView.length > MOST
    const shown = crowded.value ? [] : inView
    const next = `${draft.value?.id}/${draft.value?.part}/${all.length}/${shown.join()}`
    if (next !== made) {
      made = next
      markers.forEach(({ marker }) => marker.remove())
      markers = shown.flatMap((i) => (draft.value?.shape === 'polygon' ? [side(i), corner(i)] : [corner(i)]))
      markers.forEach(({ marker, at }) => marker.setLngLat(at()).addTo(m))
      handleOf(focused)?.focus({ preventScroll: true })
    } else markers.forEach(({ marker, at }) => marker.setLngLat(at()))
  }

  const handleOf = (i?: number) =>
    i === undefined ? undefined : markers.find((m) => m.corner === i)?.marker.getElement()

  /** Once the draft is drawn: the handle of the corner, or else the map, from which the keys go on. */
  function focus(i: number): void {
    void nextTick(() => {
      place()
      ;(handleOf(i) ?? map.value?.getCanvas())?.focus()
    })
  }

  function corner(i: number) {
    const element = button('draw-handle', words.corner(i + 1))
    element.textContent = draft.value?.shape === 'polygon' ? String(i + 1) : '+'
    const marker = new Marker({ element, draggable: true })
    marker.on('dragstart', () => (held = true))
    marker.on('drag', () => {
      const { lng, lat } = marker.getLngLat()
      if (draft.value) draft.value = moved(draft.value, i, [lng, lat])
    })
    marker.on('dragend', () => {
      held = false
      settled()
      place()
    })
    element.addEventListener('contextmenu', (event) => {
      event.preventDefault()
      remove(i)
    })
    element.addEventListener('keydown', (event) => {
      const nudge = NUDGE_PX[event.key]
      if (event.key === 'Delete' || event.key === 'Backspace') remove(i)
      else if (nudge && draft.value) {
        const far = event.shiftKey ? 5 : 1
        const { x, y } = map.value!.project(corners()[i]!)
        const to = map.value!.unproject([x + nudge[0] * far, y + nudge[1] * far])
        draft.value = moved(draft.value, i, [to.lng, to.lat])
      } else return
      event.preventDefault()
      event.stopPropagation()
    })
    return { marker, at: () => corners()[i]!, corner: i }
  }

  function side(i: number) {
    const element = button('draw-side', words.side(i + 1))
    element.addEventListener('click', () => {
      if (!draft.value) return
      draft.value = split(draft.value, i)
      focus(i + 1)
    })
    const at = (): Place => {
      const [a, b] = [corners()[i]!, corners()[(i + 1) % corners().length]!]
      return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
    }
    return { marker: new Marker({ element }), at }
  }

  function remove(i: number): void {
    if (draft.value?.shape !== 'polygon') return
    draft.value = without(draft.value, i)
    focus(Math.min(i, corners().length - 1))
  }

  watch([map, draft], place)
  watch(map, (m) => m?.on('moveend', place), { immediate: true })
  onScopeDispose(() => markers.forEach(({ marker }) => marker.remove()))
  return { crowded }
}

function button(name: string, label: string): HTMLButtonElement {
  const element = document.createElement('button')
  element.type = 'button'
  element.className = name
  element.setAttribute('aria-label', label)
  element.addEventListener('click', (event) => event.stopPropagation())
  return element
}
