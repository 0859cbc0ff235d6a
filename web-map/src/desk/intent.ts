import { newKey } from '../api'

/**
 * The idempotency key of what somebody is about to do. The same request sent again, because its answer was lost,
 * carries the same key; a request that differs is another intent and gets a new one.
 */
export class Intent {
  private request = ''
  private key = ''

  keyFor(path: string, body: unknown): string {
    const request = JSON.stringify([path, body ?? null])
    if (request !== this.request) {
      this.request = request
      this.key = newKey()
    }
    return this.key
  }

  /** The request was answered: doing the same once more is a new intent. */
  done(): void {
    this.request = ''
  }
}
