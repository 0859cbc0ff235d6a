import type { ComposerTranslation } from 'vue-i18n'
import type { Failure } from './useProgress'

/** The failure in words; empty when there is none. secondsLeft counts down while the server takes no tries. */
export function failureText(t: ComposerTranslation, failure: Failure, secondsLeft: number): string {
  if (failure === '') return ''
  if (failure === 'throttled') {
    return secondsLeft > 0
      ? t('public.progress.throttled', { seconds: secondsLeft })
      : t('public.progress.throttledOver')
  }
  if (typeof failure === 'string') return t(`public.progress.${failure}`)
  const known = failure.text === 'network' || failure.text === 'timeout'
  return known ? t(`error.${failure.text}`) : t('error.other', { code: failure.text })
}
