import { onMounted, shallowRef } from 'vue'
import { get } from '../../api'
import { sentenceOf } from '../../errors'
import type { Org } from '../shapes'

/** The own branch of the organisation, for choosing from; `failure` when it could not be read. */
export function useOrgs() {
  const orgs = shallowRef<Org[]>([])
  const failure = shallowRef('')

  onMounted(async () => {
    try {
      orgs.value = (await get<{ orgs: Org[] | null }>('/orgs')).orgs ?? []
    } catch (error) {
      failure.value = sentenceOf(error)
    }
  })

  const orgName = (id: number) => orgs.value.find((o) => o.id === id)?.name ?? `#${id}`
  return { orgs, failure, orgName }
}
