import { computed, onScopeDispose, shallowRef, watch } from 'vue'
import { useBoard } from '../stores/board'
import type { TicketView } from '../wire'
import type { Sound, Tone } from './sound'

const REPEAT_MS = 20_000

export interface Alert {
  ticket: TicketView
  tone: Tone
}

/**
 * Calls for attention: a new critical ticket, or an alarm raised on a ticket. What was there when the page was
 * opened is shown in the queue but does not call. Tones repeat every 20 s until the alert is seen; `called` is
 * told each new alert once. The ticket that is `open` counts as seen: an alarm on it sounds once.
 */
export function useAlerts(sound: Sound, open: () => number | null, called: (alert: Alert) => void) {
  const board = useBoard()
  const waiting = shallowRef<ReadonlyMap<number, Tone>>(new Map())
  let known: Map<number, string> | null = null

  watch(
    [() => board.tickets, () => board.loaded],
    ([tickets, loaded]) => {
      if (!loaded) return
      const next = new Map([...tickets.values()].map((t) => [t.id, t.alarm]))
      if (known) for (const t of tickets.values()) consider(t, known.get(t.id))
      known = next
      const gone = [...waiting.value.keys()].filter((id) => !tickets.has(id))
      gone.forEach(seen)
    },
    { immediate: true },
  )

  function consider(t: TicketView, before: string | undefined): void {
    const alarm = t.alarm
    if (alarm && alarm !== before) raise({ ticket: t, tone: 'alarm' })
    else if (before === undefined && t.urgency === 1 && t.id !== open())
      raise({ ticket: t, tone: 'critical' })
  }

  function raise(alert: Alert): void {
    const { id } = alert.ticket
    if (id !== open()) waiting.value = new Map(waiting.value).set(id, alert.tone)
    sound.play(alert.tone)
    called(alert)
  }

  /** Takes a ticket off the list, since somebody looked at it. */
  function seen(id: number): void {
    if (!waiting.value.has(id)) return
    const rest = new Map(waiting.value)
    rest.delete(id)
    waiting.value = rest
  }

  const alerts = computed<Alert[]>(() =>
    [...waiting.value].flatMap(([id, tone]) => {
      const ticket = board.tickets.get(id)
      return ticket ? [{ ticket, tone }] : []
    }),
  )

  const timer = setInterval(() => {
    const first = alerts.value[0]
    if (first) sound.play(first.tone)
  }, REPEAT_MS)
  onScopeDispose(() => clearInterval(timer))
  return { alerts, seen }
}
