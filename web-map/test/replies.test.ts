// @vitest-environment happy-dom
import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick, ref } from 'vue'
import { syncClock } from '../src/clock'
import AreaCoverage from '../src/desk/admin/areas/AreaCoverage.vue'
import { useDrawn } from '../src/desk/admin/drawn/useDrawn'
import ClosureTool from '../src/desk/map/ClosureTool.vue'
import type { Area, Coverage } from '../src/desk/shapes'
import { addMessages, i18n, setLocale } from '../src/i18n'
import areasEn from '../src/i18n/areas.en'
import areasZh from '../src/i18n/areas.zh'

/** Requests that wait for the test to answer them, in the order in which they were sent. */
let asked: { url: string; method: string; body: string; answer: (body: unknown, status?: number) => void }[] =
  []

beforeEach(() => {
  asked = []
  addMessages('areas', areasZh, areasEn)
  setLocale('zh-CN')
  const headers = { 'content-type': 'application/json' }
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    return new Promise((resolve) =>
      asked.push({
        url: String(url),
        method: init.method!,
        body: String(init.body),
        answer: (body, status = 200) => resolve(new Response(JSON.stringify(body), { status, headers })),
      }),
    )
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('what is drawn', () => {
  function page() {
    const reads: { give: (list: { id: number }[]) => void; fail: (why: Error) => void }[] = []
    const kind = {
      path: '/areas',
      read: () => new Promise<{ id: number }[]>((give, fail) => reads.push({ give, fail })),
      idOf: () => null,
      bodyOf: () => null,
    }
    let drawn!: ReturnType<typeof useDrawn<{ id: number }, object>>
    const Page = { setup: () => ((drawn = useDrawn(kind)), () => null) }
    mount(Page, { global: { plugins: [i18n] } })
    return { reads, drawn }
  }

  it('is what was asked for last, whichever answer comes first, and busy until all are here', async () => {
    const { reads, drawn } = page()
    void drawn.load()
    reads[1]!.give([{ id: 2 }])
    await flushPromises()
    expect([drawn.list.value, drawn.busy.value]).toEqual([[{ id: 2 }], true])
    reads[0]!.give([{ id: 1 }])
    await flushPromises()
    expect([drawn.list.value, drawn.busy.value]).toEqual([[{ id: 2 }], false])
  })

  it('says nothing about an overtaken reading that failed', async () => {
    const { reads, drawn } = page()
    void drawn.load()
    reads[1]!.give([{ id: 2 }])
    reads[0]!.fail(new Error('late'))
    await flushPromises()
    expect([drawn.failure.value, drawn.list.value]).toEqual(['', [{ id: 2 }]])
  })
})

it('drops a report of coverage when its day or division is not the one that is chosen', async () => {
  const divisions = ['510104', '510105'].map((code, id) => ({ id, code, name: code })) as unknown as Area[]
  const found = ref<Coverage | null>(null)
  const page = mount(AreaCoverage, {
    global: { plugins: [i18n] },
    props: {
      divisions,
      day: '2026-11-22',
      modelValue: null,
      'onUpdate:modelValue': (c: Coverage | null) => (found.value = c),
    },
  })
  const look = async (code: string) => {
    await page.find('select').setValue(code)
    await page.find('form').trigger('submit')
  }
  const report = (name: string) => ({ name, gaps: [], overlaps: [] })
  await look('510104')
  await page.setProps({ day: '2026-11-23' })
  asked[0]!.answer(report('of the day before'))
  await flushPromises()
  expect(found.value).toBeNull()
  await look('510105')
  await page.find('select').setValue('510104')
  asked[1]!.answer(report('of another division'))
  await flushPromises()
  expect(found.value).toBeNull()
  await look('510104')
  asked[2]!.answer(report('right'))
  await flushPromises()
  expect(found.value?.name).toBe('right')
})

it("ends a closure so many hours after the server's time, not the desk's", async () => {
  vi.useFakeTimers({ now: Date.parse('2026-11-22T06:00:00Z'), toFake: ['Date'] })
  syncClock('2026-11-22T07:00:00Z')
  const page = mount(ClosureTool, { global: { plugins: [i18n] }, props: { map: undefined, mayClose: true } })
  await page.find('button').trigger('click')
  const vm = page.vm as unknown as { draft: [number, number][]; drawing: boolean; start: () => void }
  vm.start()
  vm.draft = [[104, 30], [104, 30.1]] // prettier-ignore
  await nextTick()
  await page.find('input[maxlength]').setValue('施工')
  await page.find('input[type=number]').setValue('2')
  await page.find('form').trigger('submit')
  await flushPromises()
  const sent = asked.find((a) => a.method === 'POST')!
  expect(JSON.parse(sent.body).until).toBe('2026-11-22T09:00:00.000Z')
})
