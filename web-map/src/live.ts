import { syncClock } from './clock'
import type { LiveMessages } from './wire'

/**
 * The live stream of the server (SSE). The stream decides nothing by its socket: a watchdog looks at the time of
 * the last message. The server sends a tick every 5 s, so while the socket is open 8 s of silence mean "delayed"
 * and 15 s "lost". Once the browser has reported the socket broken, 3.5 s and 10 s are enough.
 */
export type Link = 'connecting' | 'live' | 'delayed' | 'lost'

export const LIMITS = {
  open: { delayedMs: 8_000, lostMs: 15_000 },
  broken: { delayedMs: 3_500, lostMs: 10_000 },
}

/** The state of the link after `silentMs` without a message; null silence means that nothing ever came. */
export function linkState(silentMs: number | null, broken: boolean, waitedMs: number): Link {
  const limit = broken ? LIMITS.broken : LIMITS.open
  if (silentMs === null) return waitedMs < LIMITS.broken.lostMs ? 'connecting' : 'lost'
  if (silentMs < limit.delayedMs) return 'live'
  return silentMs < limit.lostMs ? 'delayed' : 'lost'
}

export type LiveHandlers = {
  [K in keyof LiveMessages]?: (message: LiveMessages[K]) => void
} & {
  /** Called whenever the state of the link changes. */
  link?: (link: Link) => void
  /** Called when the server has refused the stream and the session is gone. */
  signedOut?: () => void
}

const NAMES: (keyof LiveMessages)[] = [
  'hello',
  'snapshot',
  'fixes',
  'unit',
  'ticket',
  'event',
  'fence',
  'gap',
  'officer',
  'tick',
]

/** What the stream needs from the browser; tests hand in their own. */
export interface Browser {
  open: (url: string) => EventSource
  /** True when the session is still good, false when it is gone, rejects when nobody knows. */
  checkSession: () => Promise<boolean>
  now: () => number
}

const browser: Browser = {
  open: (url) => new EventSource(url),
  checkSession: async () => (await fetch('/api/v1/session', { cache: 'no-store' })).status !== 401,
  now: () => performance.now(),
}

/**
 * Opens the stream of one view and keeps it open until close() is called. The browser reconnects by itself with
 * Last-Event-ID; when it has given up (after an answer that is no stream), we open a new one with a back-off of
 * 1.5 s doubling to 30 s. A fresh stream always starts with hello and a snapshot.
 */
export function openLive(
  view: 'board' | 'officer',
  handlers: LiveHandlers,
  env: Browser = browser,
): { close: () => void } {
  let source: EventSource | null = null
  let closed = false
  let broken = false
  let link: Link = 'connecting'
  let lastMessageAt: number | null = null
  let backoffMs = 1_500
  let retry: ReturnType<typeof setTimeout> | undefined
  const startedAt = env.now()

  function setLink(next: Link): void {
    if (next === link) return
    link = next
    handlers.link?.(next)
  }

  function watch(): void {
    const silentMs = lastMessageAt === null ? null : env.now() - lastMessageAt
    setLink(linkState(silentMs, broken, env.now() - startedAt))
  }

  function receive<K extends keyof LiveMessages>(name: K, text: string): void {
    const message = JSON.parse(text) as LiveMessages[K]
    if ('now' in message && typeof message.now === 'string') syncClock(message.now)
    lastMessageAt = env.now()
    broken = false
    backoffMs = 1_500
    const handler = handlers[name] as ((message: LiveMessages[K]) => void) | undefined
    handler?.(message)
    watch()
  }

  function connect(): void {
    source = env.open(`/api/v1/live?view=${view}`)
    for (const name of NAMES) {
      source.addEventListener(name, (event) => receive(name, (event as MessageEvent<string>).data))
    }
    source.onerror = () => {
      broken = true
      if (source?.readyState === 2 /* CLOSED: the browser has given up */) void reopen()
    }
  }

  async function reopen(): Promise<void> {
    source?.close()
    const good = await env.checkSession().catch(() => true)
    if (closed) return
    if (!good) return handlers.signedOut?.()
    retry = setTimeout(connect, backoffMs * (0.75 + Math.random() / 2))
    backoffMs = Math.min(30_000, backoffMs * 2)
  }

  connect()
  const timer = setInterval(watch, 500)
  return {
    close() {
      closed = true
      clearInterval(timer)
      clearTimeout(retry)
      source?.close()
    },
  }
}
