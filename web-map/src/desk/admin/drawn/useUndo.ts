import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import type { Draft } from './draft'

const KEPT = 100

/** Takes back what was done to the corners of a draft, step by step; a corner that is dragged makes one step. */
export function useUndo(draft: Ref<Draft | null>) {
  const past = shallowRef<Draft[]>([])
  let moving = -1
  let undoing = false

  watch(
    draft,
    (now, before) => {
      if (undoing) return
      if (!now || !before || now.id !== before.id || now.part !== before.part) {
        past.value = []
        moving = -1
        return
      }
      const corner = changed(before, now)
      if (corner === null || (corner >= 0 && corner === moving)) return
      moving = corner
      past.value = [...past.value.slice(1 - KEPT), before]
    },
    { flush: 'sync' },
  )

  function undo(): void {
    const before = past.value.at(-1)
    if (!before || !draft.value) return
    undoing = true
    draft.value = { ...draft.value, corners: before.corners, centre: before.centre }
    undoing = false
    past.value = past.value.slice(0, -1)
    moving = -1
  }

  /** A drag has ended: the next one is a step of its own. */
  const settle = () => (moving = -1)

  const typing = (target: EventTarget | null) =>
    target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement
  const key = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z' || typing(event.target)) return
    event.preventDefault()
    undo()
  }
  addEventListener('keydown', key)
  onScopeDispose(() => removeEventListener('keydown', key))
  return { past, undo, settle }
}

/** The only corner that moved, -1 when more than that changed, null when the shape is the same. */
function changed(before: Draft, now: Draft): number | null {
  const places = (d: Draft) => (d.shape === 'polygon' ? d.corners : d.centre ? [d.centre] : [])
  const [a, b] = [places(before), places(now)]
  if (a.length !== b.length) return -1
  const moved = b.flatMap((p, i) => (p[0] === a[i]![0] && p[1] === a[i]![1] ? [] : [i]))
  if (moved.length === 0) return null
  return moved.length === 1 ? moved[0]! : -1
}
