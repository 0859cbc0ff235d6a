// @vitest-environment happy-dom
import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import DeliveryList from '../src/desk/admin/register/DeliveryList.vue'
import ImportForm from '../src/desk/admin/register/ImportForm.vue'
import RegisterPage from '../src/desk/admin/register/RegisterPage.vue'
import { addMessages, i18n, setLocale } from '../src/i18n'
import deskEn from '../src/i18n/desk.en'
import deskZh from '../src/i18n/desk.zh'
import en from '../src/i18n/register.en'
import zh from '../src/i18n/register.zh'

addMessages('desk', deskZh, deskEn)
addMessages('register', zh, en)

const outcome = {
  inserted: 1,
  returned: 0,
  updated: 0,
  unchanged: 0,
  closed: 9,
  expired: 0,
  had: 10,
  reopened: 0,
  held: ['closing'],
  changes: {},
  mixed: {
    suspect: false,
    shares: {},
    pairs: 0,
    apart: 0,
    known: 0,
    moved: 0,
    named: 0,
    outside: 0,
    strayed: 0,
  },
}

const delivery = (id: number, state: string) => ({
  id,
  state,
  file_name: `${id}.csv`,
  source: 'county',
  dry_run: false,
  by: 'u:1',
  started_at: '2026-11-22T06:00:00Z',
  ended_at: null,
  bytes: 10,
  bytes_read: 10,
  rows: 1,
  parts: 0,
  parts_done: 0,
  refused: 0,
  outcome: state === 'reading' || state === 'applying' ? null : outcome,
  fault: '',
  errors: [],
  warnings: [],
})

type Answer = { status: number; body: unknown }
/** What the server answers to each call, by method and path; a list of answers is used up to its last. */
let answers: Record<string, () => Answer | Promise<Answer>>
let calls: string[]

/** What is sent as a file; each is answered by hand. */
class Upload {
  static sent: Upload[] = []
  upload = {}
  status = 0
  responseText = ''
  url = ''
  onload = () => {}
  open(_: string, url: string) {
    this.url = url
    Upload.sent.push(this)
  }
  setRequestHeader() {}
  send() {}
  async answer(body: unknown) {
    this.status = 200
    this.responseText = JSON.stringify(body)
    this.onload()
    await flushPromises()
  }
}

beforeEach(() => {
  setLocale('zh-CN')
  vi.useFakeTimers()
  calls = []
  Upload.sent = []
  answers = { 'GET /retailers/profiles': () => ({ status: 200, body: { profiles: [] } }) }
  vi.stubGlobal('XMLHttpRequest', Upload)
  vi.stubGlobal('fetch', async (url: string, { method }: { method: string }) => {
    const name = `${method} ${url.replace('/api/v1', '')}`
    calls.push(name)
    const { status, body } = await answers[name]!()
    return new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json' },
    })
  })
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const LIST = 'GET /retailers/deliveries'
const options = { global: { plugins: [i18n] } }

it('keeps saying why a decision was refused while the list is asked for anew', async () => {
  answers[LIST] = () => ({
    status: 200,
    body: { deliveries: [delivery(2, 'applying'), delivery(1, 'held')] },
  })
  answers['POST /retailers/deliveries/1/decision'] = () => ({
    status: 409,
    body: { code: 'not_held', detail: '已由他人决定' },
  })
  const list = mount(DeliveryList, options)
  await flushPromises()
  await list.get('.btn.primary').trigger('click')
  await flushPromises()
  const before = calls.length
  await vi.advanceTimersByTimeAsync(3000)
  expect(calls.length).toBeGreaterThan(before)
  expect(list.get('[role=alert]').text()).toBe('已由他人决定')
  list.unmount()
})

it('opens what is held at the first look only, and asks once at a time', async () => {
  let state = 'applying'
  answers[LIST] = () => ({ status: 200, body: { deliveries: [delivery(1, state)] } })
  const list = mount(DeliveryList, options)
  await flushPromises()
  state = 'held'
  await vi.advanceTimersByTimeAsync(1000)
  expect(list.text()).toContain(zh.state.held)
  expect(list.find('.btn.primary').exists()).toBe(false)
  list.unmount()

  answers[LIST] = () => ({ status: 200, body: { deliveries: [delivery(1, 'applying')] } })
  const slow = mount(DeliveryList, options)
  await flushPromises()
  answers[LIST] = () => new Promise<Answer>(() => {})
  const before = calls.length
  await vi.advanceTimersByTimeAsync(5000)
  expect(calls.length - before).toBe(1)
  slow.unmount()
})

const preview = (heading: string) => ({
  headings: [heading],
  columns: { name: heading },
  fields: ['name'],
  encoding: 'utf-8',
  rows: [['x']],
  missing: '',
})

type Form = ReturnType<typeof mount>

async function choose(form: Form, name: string, size = 1) {
  const file = new File(['x'], name)
  Object.defineProperty(file, 'size', { value: size })
  const input = form.get('input[type=file]')
  Object.defineProperty(input.element, 'files', { value: [file], configurable: true })
  await input.trigger('change')
}

it('drops the preview of a file that is no longer the chosen one', async () => {
  const form = mount(ImportForm, options)
  await flushPromises()
  await choose(form, 'a.csv')
  await choose(form, 'b.csv')
  await Upload.sent[1]!.answer(preview('招牌'))
  await Upload.sent[0]!.answer(preview('旧表头'))
  expect(form.text()).toContain('招牌')
  expect(form.text()).not.toContain('旧表头')
  await form.get('form').trigger('submit')
  expect(decodeURIComponent(Upload.sent[2]!.url)).toContain('map=name:招牌')
  form.unmount()
})

it('does not look at a long list that it cannot cut, and says so', async () => {
  for (const [locale, words] of [
    ['zh-CN', zh],
    ['en', en],
  ] as const) {
    setLocale(locale)
    Upload.sent = []
    const form = mount(ImportForm, options)
    await flushPromises()
    await choose(form, 'a.csv')
    await Upload.sent[0]!.answer(preview('招牌'))
    await choose(form, 'long.xlsx', (64 << 20) + 1)
    expect(Upload.sent.length).toBe(1)
    expect(form.text()).toContain(words.unseen)
    await form.get('form').trigger('submit')
    expect(Upload.sent[1]!.url).not.toContain('map=')
    form.unmount()
  }
})

it('goes on asking for an import while the server is busy', async () => {
  const form = mount(ImportForm, options)
  await flushPromises()
  await choose(form, 'a.csv')
  await Upload.sent[0]!.answer(preview('招牌'))
  const statuses = [503, 429, 408, 200]
  answers['GET /retailers/deliveries/7'] = () => {
    const status = statuses.shift() ?? 200
    return { status, body: status === 200 ? delivery(7, 'done') : { code: 'busy', detail: '请稍后' } }
  }
  await form.get('form').trigger('submit')
  await Upload.sent[1]!.answer({ delivery_id: 7 })
  expect(form.text()).toContain(zh.cut)
  await vi.advanceTimersByTimeAsync(3000)
  expect(statuses).toEqual([])
  expect(form.text()).not.toContain('请稍后')
  expect(form.find('.outcome').exists()).toBe(true)
  form.unmount()
})

it('keeps the form of an import while another tab is looked at', async () => {
  answers[LIST] = () => ({ status: 200, body: { deliveries: [] } })
  const page = mount(RegisterPage, options)
  await flushPromises()
  await choose(page, 'a.csv')
  await Upload.sent[0]!.answer(preview('招牌'))
  const tab = (i: number) => page.findAll('.tabs .btn')[i]!.trigger('click')
  await tab(1)
  expect(page.text()).not.toContain('招牌')
  await tab(0)
  expect(page.text()).toContain('招牌')
  page.unmount()
})
