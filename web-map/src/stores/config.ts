import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { get } from '../api'
import { syncClock } from '../clock'
import { locale } from '../i18n'
import type { Config, Named } from '../wire'

/** The installation's settings and code lists (GET /config), loaded once before the first page is shown. */
export const useConfig = defineStore('config', () => {
  const config = shallowRef<Config | null>(null)
  let loading: Promise<void> | null = null

  /** Loads the settings unless they are here; rejects with ApiError. */
  function load(): Promise<void> {
    if (config.value) return Promise.resolve()
    loading ??= reload().finally(() => (loading = null))
    return loading
  }

  async function reload(): Promise<void> {
    const fresh = await get<Config>('/config')
    syncClock(fresh.server_time)
    config.value = fresh
  }

  /** A code's name in the page's language; the code itself when the list does not know it. */
  function nameOf(list: 'subtypes' | 'outcomes' | 'decline_reasons', code: string): string {
    const entry = (config.value?.[list] as Named[] | undefined)?.find((e) => e.code === code)
    if (!entry) return code
    return locale.value === 'en' ? entry.en : entry.zh
  }

  return { config, load, reload, nameOf }
})
