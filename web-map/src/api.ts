import type { FieldError, Problem } from './wire'

/** What the server answered when it refused, or what went wrong on the way (code "network" or "timeout", status 0). */
export class ApiError extends Error {
  readonly status: number
  /** Stable word to branch on, for example "version_conflict". */
  readonly code: string
  /** Sentence for the reader, already in the page's language; empty when the server did not send one. */
  readonly detail: string
  readonly errors: FieldError[]
  /** The whole problem document, for members such as `current` or `retry_after_s`. */
  readonly problem: Problem

  constructor(problem: Problem) {
    const code = problem.code ?? `http_${problem.status}`
    super(`${code}: ${problem.detail ?? problem.title ?? ''}`)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = code
    this.detail = problem.detail ?? problem.title ?? ''
    this.errors = problem.errors ?? []
    this.problem = problem
  }
}

export interface CallOptions {
  /** Idempotency key; give the same one again to repeat a call whose answer was lost. */
  key?: string
  signal?: AbortSignal
  /** Milliseconds until the call is given up; 20 s unless told. */
  timeoutMs?: number
}

const PREFIX = '/api/v1'

/** A new idempotency key: 32 hex digits. randomUUID is not used because it is absent on plain http. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}

export const get = <T>(path: string, options?: CallOptions) => call<T>('GET', path, undefined, options)
export const post = <T>(path: string, body: unknown, options?: CallOptions) =>
  call<T>('POST', path, body, options)
export const del = <T>(path: string, options?: CallOptions) => call<T>('DELETE', path, undefined, options)

/** Calls the API below /api/v1. Resolves to the decoded body (undefined for 204); rejects with ApiError. */
export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  options: CallOptions = {},
): Promise<T> {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-language': document.documentElement.lang || 'zh-CN',
  }
  if (method !== 'GET') headers['idempotency-key'] = options.key ?? newKey()
  if (body !== undefined) headers['content-type'] = 'application/json'
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 20_000)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  let response: Response
  try {
    response = await fetch(PREFIX + path, {
      method,
      headers,
      signal,
      credentials: 'same-origin',
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (cause) {
    if (options.signal?.aborted) throw cause
    throw new ApiError({ status: 0, code: timeout.aborted ? 'timeout' : 'network' })
  }
  if (!response.ok) throw new ApiError(await problemOf(response))
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

async function problemOf(response: Response): Promise<Problem> {
  const isProblem = /json/.test(response.headers.get('content-type') ?? '')
  const body = isProblem ? ((await response.json().catch(() => ({}))) as Partial<Problem>) : {}
  const retryAfter = Number(response.headers.get('retry-after'))
  return {
    title: response.statusText,
    ...(retryAfter > 0 ? { retry_after_s: retryAfter } : {}),
    ...body,
    status: response.status,
  }
}
