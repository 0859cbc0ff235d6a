import { ApiError } from '../api'
import type { TicketView } from '../wire'
import { requestOf, shifted, type Op } from './ops'

/** One thing to be sent. `key` is the idempotency key: the same on every try, so it happens exactly once. */
export interface Entry {
  /** Order of sending; given by the shelf. */
  seq: number
  key: string
  /** Who did it: nobody else's session may send it. */
  person: number
  /** When it was done, by the server's clock (RFC 3339). */
  at: string
  op: Op
}

/** Where entries are kept: IndexedDB in the app. */
export interface Shelf {
  add: (entry: Omit<Entry, 'seq'>) => Promise<number>
  /** All entries, oldest first. */
  all: () => Promise<Entry[]>
  remove: (seq: number) => Promise<void>
  /** Puts another in the place of the entry of the same seq. */
  replace: (entry: Entry) => Promise<void>
}

export interface Handlers {
  post: (path: string, body: object, key: string) => Promise<unknown>
  /** The entries have changed. */
  changed: (entries: Entry[]) => void
  /** The server has carried the entry out and answered this. */
  done: (entry: Entry, answer: unknown) => void
  /** The server has refused the entry for good. */
  refused: (entry: Entry, error: ApiError) => void
  /** The session is gone: nothing is sent until somebody signs in. */
  signedOut: () => void
  random?: () => number
}

export const FIRST_WAIT_MS = 2_000
export const LONGEST_WAIT_MS = 60_000

/** Milliseconds until the next try: 2 s doubling to 60 s, give or take a quarter, never below what was asked. */
export function waitMs(failures: number, random: number, retryAfterS = 0): number {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1)) * (0.75 + random / 2)
  return Math.max(retryAfterS * 1000, Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, wait)))
}

type Verdict = 'retry' | 'sign_in' | 'refused'

/** What an error means for the entry: try again, wait for a sign-in, or it is over. */
export function verdictOf(error: ApiError): Verdict {
  const { status, code } = error
  if (status === 401 || code === 'must_change_password') return 'sign_in'
  const passing = status === 0 || status >= 500 || [408, 425, 429].includes(status)
  return passing ? 'retry' : 'refused'
}

/**
 * Sends what the officer did, one after the other in the order it was done. An entry is written down before it is
 * sent and leaves only when the server has carried it out or refused it; when the network fails it stays, and
 * everything behind it waits. flush() may be called at any time; only one runs.
 */
export class Outbox {
  private entries: Entry[] = []
  private failures = 0
  private running = false
  private again = false
  private timer: ReturnType<typeof setTimeout> | undefined
  private closed = false

  constructor(
    private readonly shelf: Shelf,
    private readonly person: number,
    private readonly handlers: Handlers,
  ) {}

  /** Reads what an earlier run of the app left behind. */
  async open(): Promise<void> {
    await this.reload()
  }

  /** Writes the op down, then starts sending. Resolves once it is written down. */
  async add(op: Op, key: string, at: string): Promise<void> {
    await this.shelf.add({ key, person: this.person, at, op })
    await this.reload()
    void this.flush()
  }

  /** Sends all that is waiting, now. */
  async flush(): Promise<void> {
    if (this.running) {
      this.again = true
      return
    }
    this.running = true
    clearTimeout(this.timer)
    try {
      do {
        this.again = false
        while (!this.closed && this.entries[0] && (await this.send(this.entries[0])));
      } while (this.again && this.failures === 0 && !this.closed)
    } finally {
      this.running = false
    }
  }

  close(): void {
    this.closed = true
    clearTimeout(this.timer)
  }

  /** Sends one entry; false when the rest has to wait. */
  private async send(entry: Entry): Promise<boolean> {
    const { path, body } = requestOf(entry.op)
    try {
      const answer = await this.handlers.post(path, body, entry.key)
      this.handlers.done(entry, answer)
    } catch (cause) {
      const error = cause instanceof ApiError ? cause : new ApiError({ status: 0, code: 'network' })
      const verdict = verdictOf(error)
      if (verdict === 'sign_in') {
        this.handlers.signedOut()
        return false
      }
      if (verdict === 'retry') {
        this.later(error)
        return false
      }
      this.handlers.refused(entry, error)
      await this.goOnWithout(entry, error)
    }
    this.failures = 0
    await this.shelf.remove(entry.seq)
    await this.reload()
    return true
  }

  /**
   * A refused correction of a place is no reason to refuse the steps behind it: they were made on the version that it
   * would have brought, and go on from the one that there is. None of them was sent before.
   */
  private async goOnWithout({ seq, op }: Entry, error: ApiError): Promise<void> {
    if (op.type !== 'place') return
    const current = error.problem.current as TicketView | undefined
    const by = (current?.version ?? op.version) - (op.version + 1)
    for (const later of this.entries.filter((e) => e.seq > seq)) {
      const moved = shifted(later.op, op.ticket_id, by)
      if (moved !== later.op) await this.shelf.replace({ ...later, op: moved })
    }
  }

  private later(error: ApiError): void {
    if (this.closed) return
    this.failures++
    const random = (this.handlers.random ?? Math.random)()
    const wait = waitMs(this.failures, random, Number(error.problem.retry_after_s) || 0)
    this.timer = setTimeout(() => void this.flush(), wait)
  }

  private async reload(): Promise<void> {
    this.entries = (await this.shelf.all()).filter((e) => e.person === this.person)
    this.handlers.changed(this.entries)
  }
}
