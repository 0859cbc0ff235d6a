import { ref, type Ref } from 'vue'
import { ApiError, post } from '../api'
import { serverNow } from '../clock'
import type { PublicProgress } from './shapes'

/** Why nothing is shown; the words are in the messages `public.progress`. */
export type Failure = '' | 'wrong' | 'throttled' | 'missing' | { text: string }

/** Asks for the progress of one report. Number and code are kept in memory, for asking again, until forget(). */
export function useProgress(): {
  busy: Ref<boolean>
  failure: Ref<Failure>
  blockedUntil: Ref<number>
  askedAt: Ref<number>
  ask: (number: string, code: string) => Promise<PublicProgress | null>
  again: () => Promise<PublicProgress | null>
  forget: () => void
} {
  const busy = ref(false)
  const failure: Ref<Failure> = ref('')
  /** Unix milliseconds (server) until which the server takes no more tries; 0 = none. */
  const blockedUntil = ref(0)
  const askedAt = ref(0)
  let pair: { number: string; code: string } | null = null

  async function ask(number: string, code: string): Promise<PublicProgress | null> {
    pair = { number, code }
    return again()
  }

  async function again(): Promise<PublicProgress | null> {
    if (!pair || busy.value) return null
    busy.value = true
    failure.value = ''
    try {
      const answer = await post<PublicProgress>('/public/progress', pair)
      askedAt.value = serverNow()
      return answer
    } catch (error) {
      failure.value = failureOf(error)
      return null
    } finally {
      busy.value = false
    }
  }

  function failureOf(error: unknown): Failure {
    if (!(error instanceof ApiError)) return { text: String(error) }
    if (error.status === 404) return 'wrong'
    if (error.status === 422 || error.status === 400) return 'wrong'
    if (error.status === 429) {
      const seconds = Number(error.problem.retry_after_s) || 60
      blockedUntil.value = serverNow() + seconds * 1000
      return 'throttled'
    }
    return { text: error.code }
  }

  function forget(): void {
    pair = null
    failure.value = ''
    askedAt.value = 0
  }

  return { busy, failure, blockedUntil, askedAt, ask, again, forget }
}
