import { onMounted, onScopeDispose, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { placeName } from '../tickets'
import { alertOffer, unlockSound } from './alert'
import { useOfficer } from './store'

const AGAIN_EVERY_MS = 15_000

/** Rings and vibrates when an offer comes, again every 15 s while it stays unanswered, and marks the title. */
export function useOfferAlert(): void {
  const officer = useOfficer()
  const { t } = useI18n()
  const title = document.title
  let timer: ReturnType<typeof setInterval> | undefined

  watch(
    () => officer.view?.offer?.id,
    (id) => {
      clearInterval(timer)
      const offer = officer.view?.offer
      document.title =
        id && offer
          ? `● ${t('officer.newOffer', { title: offer.ticket.title, place: placeName(offer.ticket) })}`
          : title
      if (!id) return
      alertOffer()
      timer = setInterval(alertOffer, AGAIN_EVERY_MS)
    },
    { immediate: true },
  )
  onMounted(() => addEventListener('pointerdown', unlockSound))
  onScopeDispose(() => {
    clearInterval(timer)
    removeEventListener('pointerdown', unlockSound)
    document.title = title
  })
}
