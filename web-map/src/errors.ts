import { ApiError } from './api'
import { i18n } from './i18n'

/** A sentence for the reader about what went wrong, in the page's language. */
export function sentenceOf(error: unknown): string {
  const t = i18n.global.t
  if (!(error instanceof ApiError)) return t('error.other', { code: String(error) })
  if (error.code === 'network' || error.code === 'timeout') return t(`error.${error.code}`)
  return error.detail || t('error.other', { code: error.code })
}
