import { ref } from 'vue'
import { sentenceOf } from '../errors'

/** Sends changes: whether one is still under way, and in words why the last one failed. */
export function useSending(words: (why: string) => string = (why) => why) {
  const busy = ref(false)
  const failure = ref('')
  let underWay = 0

  /** True when it went through. */
  async function send(run: () => Promise<unknown>): Promise<boolean> {
    failure.value = ''
    underWay++
    busy.value = true
    try {
      await run()
      return true
    } catch (error) {
      failure.value = words(sentenceOf(error))
      return false
    } finally {
      busy.value = --underWay > 0
    }
  }

  return { busy, failure, send }
}
