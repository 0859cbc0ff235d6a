import { computed, onScopeDispose, ref, type ComputedRef } from 'vue'
import { useRoute } from 'vue-router'

/** True while the window is narrower than the page of the route can be (its meta.minWidth, in CSS pixels). */
export function useNarrow(): ComputedRef<boolean> {
  const route = useRoute()
  const width = ref(innerWidth)
  const measure = () => (width.value = innerWidth)
  addEventListener('resize', measure)
  onScopeDispose(() => removeEventListener('resize', measure))
  return computed(() => width.value < (route.meta.minWidth ?? 0))
}
