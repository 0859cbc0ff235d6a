import { onScopeDispose, watch } from 'vue'
import { shopsNear, type Point } from './shops'
import { useOfficer } from './store'

/** Keeps the shops about the case in hand on the phone, so that one can be chosen on scene without a network. */
export function useNearShops(): void {
  const officer = useOfficer()
  let asking = new AbortController()
  let have = ''

  watch(
    () => {
      const ticket = officer.view?.sortie?.ticket
      if (!officer.reachable || !ticket || ticket.lon === null || ticket.lat === null) return ''
      return `${ticket.id} ${ticket.lon} ${ticket.lat}`
    },
    (wanted) => {
      asking.abort()
      if (!wanted || wanted === have) return
      asking = new AbortController()
      const [, lon, lat] = wanted.split(' ').map(Number)
      // Without an answer the next change of the network or the case asks again.
      shopsNear([lon, lat] as Point, asking.signal).then(
        (shops) => {
          have = wanted
          officer.keepNearShops(shops)
        },
        () => undefined,
      )
    },
    { immediate: true },
  )
  onScopeDispose(() => asking.abort())
}
