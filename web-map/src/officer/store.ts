import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { get, newKey, post, type ApiError } from '../api'
import { serverNow, useNow } from '../clock'
import { millis } from '../format'
import { openLive, type Link } from '../live'
import { useConfig } from '../stores/config'
import { useSession } from '../stores/session'
import type { OfficerView, TicketView } from '../wire'
import { conflictOf, takenAway, withNotice, type Notice } from './conflict'
import { Kept, openDb, shelfOf, type Db } from './db'
import { apply, type Op } from './ops'
import { Outbox, type Entry } from './outbox'
import type { NearShop } from './shops'

/** How well the app and the server agree; what the chip in the header says. */
export type Sync = 'connecting' | 'synced' | 'sending' | 'offline'

/** Offers are refused by the server when they are over; the app stops showing them a moment later. */
const OFFER_GRACE_MS = 1_000

/**
 * The officer's own state: what the server said last, with what is still in the outbox already done to it. It is
 * kept on the phone, so that it is there after a reload without a network.
 */
export const useOfficer = defineStore('officer', () => {
  const settings = useConfig()
  const session = useSession()
  const base = shallowRef<OfficerView | null>(null)
  /** Unix milliseconds (server) of `base`. */
  const stateAt = ref(0)
  const entries = shallowRef<readonly Entry[]>([])
  const notices = shallowRef<readonly Notice[]>([])
  const link = ref<Link>('connecting')
  const online = ref(navigator.onLine)
  const signedOut = ref(false)
  /** True when the phone cannot keep anything: then nothing may be done offline. */
  const noStore = ref(false)
  /** True for a leader who belongs to no unit: there is nothing to show. */
  const noUnit = computed(() => session.me !== null && session.me.unit === null)
  const db = shallowRef<Db | null>(null)
  const now = useNow()

  let kept: Kept | null = null
  let outbox: Outbox | null = null
  let stream: { close: () => void } | null = null
  let person = 0

  const view = computed(() => {
    if (!base.value) return null
    const projected = entries.value.reduce((v, e) => apply(v, e.op, e.at), base.value)
    const ends = millis(projected.offer?.expires_at)
    if (ends !== null && now.value > ends + OFFER_GRACE_MS) return { ...projected, offer: null }
    return projected
  })
  const reachable = computed(() => online.value && link.value !== 'lost')
  const sync = computed<Sync>(() => {
    if (!reachable.value) return 'offline'
    if (entries.value.length > 0) return 'sending'
    return link.value === 'connecting' ? 'connecting' : 'synced'
  })
  /** True while the unit's shift runs. */
  const onShift = computed(() => {
    const shift = view.value?.shift
    if (!shift) return false
    return Date.parse(shift.from) <= now.value && now.value < Date.parse(shift.to)
  })

  async function open(): Promise<void> {
    person = session.me?.id ?? 0
    if (noUnit.value) return
    signedOut.value = false
    addEventListener('online', wake)
    addEventListener('offline', wake)
    document.addEventListener('visibilitychange', wake)
    try {
      db.value = await openDb()
      kept = new Kept(db.value, person)
      await restore(kept)
      outbox = new Outbox(shelfOf(db.value), person, {
        post: (path, body, key) => post(path, body, { key }),
        changed: (list) => (entries.value = list),
        done,
        refused,
        signedOut: () => (signedOut.value = true),
      })
      await outbox.open()
    } catch {
      noStore.value = true
    }
    listen()
    void outbox?.flush()
  }

  function close(): void {
    removeEventListener('online', wake)
    removeEventListener('offline', wake)
    document.removeEventListener('visibilitychange', wake)
    stream?.close()
    outbox?.close()
    db.value?.close()
    stream = outbox = kept = null
    db.value = base.value = null
    entries.value = notices.value = []
    link.value = 'connecting'
  }

  async function restore(from: Kept): Promise<void> {
    const state = await from.state()
    if (state && !base.value) {
      base.value = state.view
      stateAt.value = state.at
    }
    notices.value = await from.notices()
    const config =
      settings.config ??
      (await settings.load().then(
        () => settings.config,
        () => null,
      ))
    if (config) void from.keepConfig(config)
    else settings.config = (await from.config()) ?? null
  }

  function listen(): void {
    stream?.close()
    stream = openLive('officer', {
      officer: take,
      link: (next) => {
        link.value = next
        if (next === 'live') wake()
      },
      signedOut: () => (signedOut.value = true),
    })
  }

  function take(fresh: OfficerView): void {
    const gone = takenAway(
      base.value,
      fresh,
      entries.value.map((e) => e.op),
    )
    if (gone) {
      const at = new Date(serverNow()).toISOString()
      notify({ id: newKey(), ops: [], number: gone.number, conflict: 'gone', detail: '', at })
    }
    base.value = fresh
    stateAt.value = serverNow()
    keepBase()
  }

  function keepBase(): void {
    if (base.value) void kept?.keepState({ view: base.value, at: stateAt.value })
  }

  /** Something may have got better: look at the network and send what waits. */
  function wake(): void {
    online.value = navigator.onLine
    if (online.value && document.visibilityState === 'visible') void outbox?.flush()
  }

  /** Writes down what the officer does; it is shown at once and sent as soon as possible. */
  async function act(op: Op): Promise<void> {
    if (!outbox) {
      await sendNow(op)
      return
    }
    await outbox.add(op, newKey(), new Date(serverNow()).toISOString())
  }

  /** Without a store on the phone there is no outbox: one try, and the outcome is shown. */
  async function sendNow(op: Op): Promise<void> {
    const entry: Entry = { seq: 0, key: newKey(), person, at: new Date(serverNow()).toISOString(), op }
    const single: Entry[] = [entry]
    const once = new Outbox(
      {
        add: async () => 0,
        all: async () => [...single],
        remove: async () => void single.pop(),
        replace: async () => undefined,
      },
      person,
      {
        post: (path, body, key) => post(path, body, { key }),
        changed: (list) => (entries.value = list),
        done,
        refused,
        signedOut: () => (signedOut.value = true),
      },
    )
    await once.open()
    await once.flush()
  }

  function done(entry: Entry, answer: unknown): void {
    if (!base.value) return
    let next = apply(base.value, entry.op, entry.at)
    const ticket = ticketOf(answer)
    if (ticket && next.sortie?.ticket.id === ticket.id && ticket.version >= next.sortie.ticket.version) {
      next = { ...next, sortie: { ...next.sortie, ticket } }
    }
    base.value = next
    keepBase()
    if (entry.op.type === 'close') void kept?.dropDraft(entry.op.ticket_id)
    if (link.value !== 'live') void refresh()
  }

  function refused(entry: Entry, error: ApiError): void {
    const op = entry.op
    const conflict = conflictOf(op, error, base.value?.unit.id ?? 0)
    const number = 'number' in op ? op.number : ''
    const fields = error.errors.map((e) => e.message).join(' ')
    const notice: Notice = {
      id: entry.key,
      ops: [op.type],
      number,
      conflict,
      detail: [error.detail, fields].filter(Boolean).join(' '),
      at: entry.at,
    }
    notify(notice)
    void refresh()
  }

  /** Asks for the state once more, beside the stream. */
  async function refresh(): Promise<void> {
    // When this fails the stream brings the state after the next reconnect.
    await get<OfficerView>('/officer').then(take, () => undefined)
  }

  function notify(notice: Notice): void {
    navigator.vibrate?.(600)
    setNotices(withNotice(notices.value, notice))
  }

  function setNotices(list: Notice[]): void {
    notices.value = list
    void kept?.keepNotices(list)
  }

  const dismiss = (id: string) => setNotices(notices.value.filter((n) => n.id !== id))
  const draft = async (ticket: number) => (await kept?.draft(ticket)) ?? ''
  const keepDraft = (ticket: number, text: string) => void kept?.keepDraft(ticket, text)

  const nearShops = async () => (await kept?.near()) ?? []
  const keepNearShops = (shops: NearShop[]) => void kept?.keepNear(shops)

  /** Ends the session and forgets the case; what is not sent yet waits for the next sign-in. */
  async function signOut(): Promise<void> {
    await session.signOut()
    await kept?.forget()
  }

  return {
    view,
    entries,
    notices,
    link,
    sync,
    reachable,
    onShift,
    stateAt,
    signedOut,
    noStore,
    noUnit,
    db,
    open,
    close,
    act,
    refresh,
    dismiss,
    draft,
    keepDraft,
    nearShops,
    keepNearShops,
    signOut,
  }
})

function ticketOf(answer: unknown): TicketView | null {
  if (typeof answer !== 'object' || answer === null) return null
  const ticket = ('ticket' in answer ? answer.ticket : answer) as Partial<TicketView> | null
  return ticket && typeof ticket.version === 'number' && typeof ticket.status === 'string'
    ? (ticket as TicketView)
    : null
}
