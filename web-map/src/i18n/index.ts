import { type Ref } from 'vue'
import { createI18n } from 'vue-i18n'
import en from './core.en'
import zh from './core.zh'

export type Locale = 'zh-CN' | 'en'

const SAVED = 'jiujin.lang'
const saved: Locale = localStorage.getItem(SAVED) === 'en' ? 'en' : 'zh-CN'

/** Chinese comes first and complete; English follows it key by key (checked by `satisfies`). */
export const i18n = createI18n({
  legacy: false,
  locale: saved as string,
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh as object, en: en as object } as Record<string, Record<string, string>>,
})

/** The language of the page; change it with setLocale. */
export const locale = i18n.global.locale as unknown as Readonly<Ref<Locale>>

document.documentElement.lang = saved

/**
 * Adds the texts of one surface under its own name, so that each surface has its own two files and its own
 * chunk. Call it at the top of the surface's first component: addMessages('desk', zh, en); then t('desk.title').
 */
export function addMessages<T extends object>(surface: string, chinese: T, english: T): void {
  i18n.global.mergeLocaleMessage('zh-CN', { [surface]: chinese })
  i18n.global.mergeLocaleMessage('en', { [surface]: english })
}

export function setLocale(next: Locale): void {
  ;(locale as Ref<Locale>).value = next
  document.documentElement.lang = next
  localStorage.setItem(SAVED, next)
}
