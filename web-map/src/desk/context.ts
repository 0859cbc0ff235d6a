import { computed, inject, provide, ref, shallowRef, type InjectionKey } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { ApiError, post } from '../api'
import { sentenceOf } from '../errors'
import { useBoard } from '../stores/board'
import { useSession } from '../stores/session'
import type { Candidate, Retailer, Role, TicketView } from '../wire'
import { changesOf, type Change } from './case/conflict'
import { useDetail } from './case/useDetail'
import { useRanking } from './case/useRanking'
import { Intent } from './intent'

/** A message about an action that did not go through; `changes` tells what somebody else did meanwhile. */
export interface Notice {
  text: string
  /** The server's word for the refusal. */
  code?: string
  changes: Change[]
}

/** A wish to click a place on the map. */
export interface Pinning {
  done: (place: [lon: number, lat: number]) => void
}

const INTAKE: Role[] = ['agent', 'dispatcher']

function createDesk() {
  const { t } = useI18n()
  const route = useRoute()
  const router = useRouter()
  const board = useBoard()
  const session = useSession()

  const openId = computed<number | null>(() => {
    const [page, id] = ([] as string[]).concat(route.params.rest ?? [])
    return page === 'ticket' && /^\d+$/.test(id ?? '') ? Number(id) : null
  })
  const { ticket, detail, actions, loading, error, reload } = useDetail(openId)
  const ranking = useRanking(ticket)
  const notice = shallowRef<Notice | null>(null)
  const announcement = ref('')
  const dialog = ref<'palette' | 'search' | 'keys' | 'units' | null>(null)
  const pinning = shallowRef<Pinning | null>(null)
  /** The place of the demand being taken in, shown on the map. */
  const draftPlace = shallowRef<[lon: number, lat: number] | null>(null)
  /** The middle of the map after a person moved it close to a neighbourhood: what the caller means may be there. */
  const mapCentre = shallowRef<[lon: number, lat: number] | null>(null)
  /** A candidate that is not the best and waits for the reason of its choice. */
  const overriding = shallowRef<Candidate | null>(null)
  /** A retailer chosen outside the intake form, for it to take. */
  const chosenRetailer = shallowRef<Retailer | null>(null)
  const intakeShown = ref(true)
  /** Counts up to ask the intake form for the focus. */
  const intakeAsked = ref(0)
  /** Asks the list of candidates for the focus; the list takes it back. */
  const candidatesAsked = ref(false)
  const busy = ref(false)
  const intent = new Intent()

  const role = computed(() => session.me?.role)
  const mayTakeIn = computed(() => role.value !== undefined && INTAKE.includes(role.value))
  const mayRepair = computed(() => role.value === 'dispatcher' || role.value === 'leader')
  const mayShift = computed(() => mayRepair.value || role.value === 'administrator')
  const mayClose = computed(() => role.value === 'dispatcher' || role.value === 'administrator')
  const mayReveal = computed(() => role.value === 'agent' || role.value === 'supervisor')

  function open(id: number | null): void {
    notice.value = null
    overriding.value = null
    const path = id === null ? '/desk' : `/desk/ticket/${id}`
    if (route.path !== path) void router.replace(path)
  }

  /** Says something to people who listen to the page instead of looking at it, and briefly on screen. */
  function say(text: string): void {
    announcement.value = text
  }

  /** Opens the intake form and puts the focus there. */
  function takeIn(retailer: Retailer | null = null): void {
    if (!mayTakeIn.value) return
    if (retailer) chosenRetailer.value = retailer
    intakeShown.value = true
    intakeAsked.value++
  }

  /**
   * Sends a change to the opened ticket. A conflict is shown together with the fresh ticket, and counts as
   * answered; other refusals are rejected with ApiError for the caller to show.
   */
  async function send(base: TicketView, path: string, body: object): Promise<boolean> {
    busy.value = true
    notice.value = null
    try {
      const answer = await post<TicketView | { ticket?: TicketView }>(path, body, {
        key: intent.keyFor(path, body),
      })
      intent.done()
      const fresh = 'version' in answer ? answer : answer.ticket
      if (fresh) board.putTicket(fresh)
      await reload()
      return true
    } catch (cause) {
      if (cause instanceof ApiError && cause.status === 409) {
        takeConflict(base, cause)
        return false
      }
      void reload()
      throw cause
    } finally {
      busy.value = false
      void ranking.refresh()
    }
  }

  function takeConflict(base: TicketView, cause: ApiError): void {
    const current = cause.problem.current as TicketView | undefined
    const changes = current ? changesOf(t, base, current) : []
    notice.value = { text: sentenceOf(cause), code: cause.code, changes }
    if (current) board.putTicket(current)
    void reload()
  }

  /** Takes a step of the status machine. */
  const act = (base: TicketView, action: string, body: object = {}) =>
    send(base, `/tickets/${base.id}/actions/${action}`, { version: base.version, ...body })

  /** Offers the opened ticket; asks for a reason first when the unit is not the best. */
  async function offer(candidate: Candidate, reason = ''): Promise<void> {
    const base = ticket.value
    if (!base || busy.value || !actions.value.includes('offer')) return
    if (candidate.rank !== 1 && !reason) {
      overriding.value = candidate
      return
    }
    const body = {
      unit_id: candidate.unit_id,
      version: base.version,
      ...(reason ? { override_reason: reason } : {}),
    }
    try {
      const done = await send(base, `/tickets/${base.id}/offers`, body)
      overriding.value = null
      if (notice.value?.code === 'unit_busy') {
        notice.value = { ...notice.value, text: `${candidate.call_sign}: ${notice.value.text}` }
      }
      if (done) say(t('desk.said.offered', { unit: candidate.call_sign, number: base.number }))
    } catch (cause) {
      overriding.value = null
      notice.value = { text: sentenceOf(cause), changes: [] }
    }
  }

  return {
    openId,
    ticket,
    detail,
    actions,
    loading,
    error,
    ranking,
    notice,
    announcement,
    dialog,
    pinning,
    draftPlace,
    mapCentre,
    overriding,
    chosenRetailer,
    intakeShown,
    intakeAsked,
    candidatesAsked,
    busy,
    mayTakeIn,
    mayRepair,
    mayShift,
    mayClose,
    mayReveal,
    open,
    say,
    takeIn,
    send,
    act,
    offer,
    reload,
  }
}

export type Desk = ReturnType<typeof createDesk>

const DESK: InjectionKey<Desk> = Symbol('desk')

/** Makes the state of the desk and hands it to everything below the calling component. */
export function provideDesk(): Desk {
  const desk = createDesk()
  provide(DESK, desk)
  return desk
}

/** The state of the desk; only below DeskView. */
export function useDesk(): Desk {
  return inject(DESK)!
}
