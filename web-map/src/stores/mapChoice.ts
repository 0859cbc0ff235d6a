import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { useConfig } from './config'

const MAP = 'jiujin.map'
const SHOPS = 'jiujin.map.shops'

/** Which map this browser shows, and whether the register lies on it. Kept in the browser. */
export const useMapChoice = defineStore('mapChoice', () => {
  const settings = useConfig()
  /** The id of a backdrop; '' = the basemap. */
  const id = ref(localStorage.getItem(MAP) ?? '')
  const shops = ref(localStorage.getItem(SHOPS) === '1')
  watch(id, (now) => localStorage.setItem(MAP, now))
  watch(shops, (on) => localStorage.setItem(SHOPS, on ? '1' : '0'))

  const backdrops = computed(() => settings.config?.backdrops ?? [])
  /** The chosen map of somebody else; null = the basemap, also when the chosen one is there no more. */
  const backdrop = computed(() => backdrops.value.find((b) => b.id === id.value) ?? null)
  return { id, shops, backdrops, backdrop }
})
