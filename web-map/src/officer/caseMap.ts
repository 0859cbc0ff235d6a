import { defineAsyncComponent } from 'vue'

const load = () => import('./CaseMap.vue')

/** The map is most of the app's code: it comes on its own, and is fetched before the first offer needs it. */
export const CaseMap = defineAsyncComponent(load)

/** Fetches the map's code; a failure shows when the map is wanted. */
export function preloadCaseMap(): void {
  load().catch(() => undefined)
}
