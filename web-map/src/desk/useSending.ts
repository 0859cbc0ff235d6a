import { ref } from 'vue'
import { sentenceOf } from '../errors'

/** Sends one change at a time: whether one is under way, and in words why the last one failed. */
export function useSending(words: (why: string) => string = (why) => why) {
  const busy = ref(false)
  const failure = ref('')

  /** True when it went through. */
  async function send(run: () => Promise<unknown>): Promise<boolean> {
    failure.value = ''
    busy.value = true
    try {
      await run()
      return true
    } catch (error) {
      failure.value = words(sentenceOf(error))
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, failure, send }
}
