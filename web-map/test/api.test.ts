// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError, get, newKey, post } from '../src/api'

function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = JSON.stringify(body)
  const fake = vi.fn(async (_url: string, _init: RequestInit) => {
    return new Response(text, { status, headers: { 'content-type': 'application/problem+json', ...headers } })
  })
  vi.stubGlobal('fetch', fake)
  return (call = 0) => fake.mock.calls[call]![1].headers as Record<string, string>
}

const refused = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('the call should be refused'),
    (error: unknown) => error as ApiError,
  )

afterEach(() => vi.unstubAllGlobals())

describe('api', () => {
  it('gives every write its own key, and the same one when asked to repeat', async () => {
    const headers = answer(200, {})
    await post('/tickets', {})
    await post('/tickets', {})
    await post('/tickets', {}, { key: 'a'.repeat(32) })
    await get('/tickets')
    expect(headers(0)['idempotency-key']).toMatch(/^[0-9a-f]{32}$/)
    expect(headers(0)['idempotency-key']).not.toBe(headers(1)['idempotency-key'])
    expect(headers(2)['idempotency-key']).toBe('a'.repeat(32))
    expect(headers(3)).not.toHaveProperty('idempotency-key')
    expect(newKey()).not.toBe(newKey())
  })

  it('turns a problem document into an ApiError with its members', async () => {
    const current = { id: 7 }
    answer(409, { code: 'version_conflict', detail: '刚被别人改过', current })
    const error = await refused(post('/tickets/7/actions/cancel', {}))
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 409, code: 'version_conflict', detail: '刚被别人改过' })
    expect(error.problem.current).toEqual(current)
  })

  it('knows how long to wait from the header when the document does not say', async () => {
    answer(429, { code: 'throttled' }, { 'retry-after': '17' })
    expect((await refused(post('/session', {}))).problem.retry_after_s).toBe(17)
  })

  it('copes with an answer that is no problem document, and with none at all', async () => {
    const page = new Response('<html>', { status: 502, headers: { 'content-type': 'text/html' } })
    vi.stubGlobal('fetch', async () => page)
    expect(await refused(get('/kpi'))).toMatchObject({ status: 502, code: 'http_502' })
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('Failed to fetch')
    })
    expect(await refused(get('/kpi'))).toMatchObject({ status: 0, code: 'network' })
  })
})
