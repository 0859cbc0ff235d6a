import { ref } from 'vue'
import { post } from '../../api'
import { sentenceOf } from '../../errors'
import { useBoard } from '../../stores/board'
import type { UnitView } from '../../wire'
import { Intent } from '../intent'

/** Puts units that were in repair back in service; `failure` says why the last try did not go through. */
export function useService() {
  const board = useBoard()
  const failure = ref('')
  const intent = new Intent()

  async function putBack(unit: UnitView): Promise<void> {
    failure.value = ''
    const path = `/units/${unit.id}/service`
    const body = { in_service: true }
    try {
      board.putUnit(await post<UnitView>(path, body, { key: intent.keyFor(path, body) }))
      intent.done()
    } catch (error) {
      failure.value = sentenceOf(error)
    }
  }

  return { failure, putBack }
}
