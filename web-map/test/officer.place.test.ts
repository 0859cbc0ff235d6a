// @vitest-environment happy-dom
import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, type EffectScope } from 'vue'
import { serverNow } from '../src/clock'
import { addMessages, i18n } from '../src/i18n'
import en from '../src/i18n/officer.en'
import zh from '../src/i18n/officer.zh'
import PlaceSheet from '../src/officer/PlaceSheet.vue'
import { requestOf } from '../src/officer/ops'
import { useOfficer } from '../src/officer/store'
import { useActions } from '../src/officer/useActions'
import { accuracyOf, type Here } from '../src/officer/whereAmI'
import type { OfficerView } from '../src/wire'
import { ticket } from './samples'

addMessages('officer', zh, en)

const SHOP = { licence_no: '510104100009', name: '恒发商贸行', address: '东大街88号', status: 'valid' }
const listed = { ...SHOP, lon: 103.901, lat: 25.6 }
const unplaced = { ...SHOP, licence_no: 'LZ-77', name: '老张副食', lon: null, lat: null }

/** Answers the phone's question for its position. */
let locate: (accuracy: number) => Promise<void>
let sheet: ReturnType<typeof open> | undefined

beforeEach(() => {
  setActivePinia(createPinia())
  vi.stubGlobal('isSecureContext', true)
  const geolocation = {
    getCurrentPosition: (took: PositionCallback) => {
      locate = async (accuracy) => {
        took({ coords: { longitude: 103.9, latitude: 25.6, accuracy } } as GeolocationPosition)
        await flushPromises()
      }
    },
  }
  Object.defineProperty(navigator, 'geolocation', { configurable: true, value: geolocation })
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ retailers: [listed, unplaced] })))
})
afterEach(() => {
  sheet?.unmount()
  sheet = undefined
  vi.unstubAllGlobals()
})

const phone = (accuracyM: number | null, ageS = 0): Here => ({
  ...{ lon: 103.95, lat: 25.65, accuracyM },
  at: serverNow() - ageS * 1000,
})

function open(around: Here | null, retailer: typeof SHOP | null = null) {
  return mount(PlaceSheet, {
    attachTo: document.body,
    global: { plugins: [i18n] },
    props: { ticket: ticket({ status: 'on_scene', retailer }), around },
  })
}

async function shown(around: Here | null, retailer: typeof SHOP | null = null) {
  sheet?.unmount()
  sheet = open(around, retailer)
  await flushPromises()
  return sheet
}

const radio = (value: string) => sheet!.find<HTMLInputElement>(`input[value=${value}]`)
const where = () => sheet!.find<HTMLInputElement>('input[type=radio]:checked')
const preselected = () => (where().exists() ? where().element.value : '')
const confirm = () => sheet!.find<HTMLButtonElement>('button[type=submit]').element

async function choose(name: string): Promise<void> {
  await sheet!.find('.chosen button').trigger('click')
  await flushPromises()
  await vi.waitFor(() => expect(sheet!.find('fieldset.shop li strong').exists()).toBe(true))
  const rows = sheet!.findAll('fieldset.shop li button')
  await rows.find((row) => row.text().includes(name))!.trigger('click')
  await flushPromises()
}

describe('the sheet of the place', () => {
  it('takes for the place of the officer only what the phone knows well and now', async () => {
    for (const [around, wanted] of [
      [phone(30), 'here'],
      [phone(31), ''],
      [phone(10, 61), ''],
      [phone(null), ''], // the vehicle's
      [null, ''],
    ] as const) {
      await shown(around)
      expect(preselected(), JSON.stringify(around)).toBe(wanted)
      expect(confirm().disabled).toBe(wanted === '')
    }
  })

  it('falls back to where the register has the shop of the ticket', async () => {
    useOfficer().nearShops = async () => [listed]
    await shown(phone(2000), SHOP)
    expect(preselected()).toBe('register')
    await locate(8)
    expect(preselected()).toBe('here')
  })

  it('does not trade a good position for a bad one', async () => {
    await shown(phone(8))
    await locate(2000)
    expect(sheet!.find('.option.on').text()).toContain('8')
  })

  it('keeps what is shown once somebody has chosen', async () => {
    await shown(null)
    await choose(listed.name)
    expect(preselected()).toBe('register')
    await locate(8)
    expect(preselected()).toBe('register')

    await shown(phone(40))
    await radio('here').trigger('change')
    const text = sheet!.find('.option.on').text()
    await locate(8)
    expect(sheet!.find('.option.on').text()).toBe(text)
  })

  it('says how good the position is that it hands on', async () => {
    await shown(phone(31.4))
    await radio('here').trigger('change')
    await sheet!.find('form').trigger('submit')
    expect(sheet!.emitted('submit')).toEqual([[null, [103.95, 25.65], 31.4]])
    await shown(phone(8))
    await choose(listed.name)
    await radio('register').trigger('change')
    await sheet!.find('form').trigger('submit')
    expect(sheet!.emitted('submit')).toEqual([[listed, null, null]])
    // A vehicle's or an old one is never as good as 50 m, by which the register would move the shop.
    expect(accuracyOf(phone(null), serverNow())).toBe(100)
    expect(accuracyOf(phone(8, 61), serverNow())).toBe(100)
    const op = { type: 'place', ticket_id: 1, number: 'N', version: 7, shop: listed, at: [1, 2] } as const
    expect(requestOf({ ...op, at: [1, 2], accuracy_m: 31.4 }).body).toMatchObject({ accuracy_m: 31.4 })
    expect(JSON.stringify(requestOf({ ...op, at: [1, 2], accuracy_m: null }).body)).not.toContain('accuracy')
  })

  it('sends nothing while a shop is being looked for', async () => {
    await shown(phone(8), SHOP)
    expect(confirm().disabled).toBe(false)
    await sheet!.find('.chosen button').trigger('click')
    const enter = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })
    sheet!.find('input[type=search]').element.dispatchEvent(enter)
    expect(enter.defaultPrevented).toBe(true)
    expect(confirm().disabled).toBe(true)
    await sheet!.find('form').trigger('submit')
    expect(sheet!.emitted('submit')).toBeUndefined()
    await sheet!.find('button.nobody').trigger('click')
    await sheet!.find('form').trigger('submit')
    expect(sheet!.emitted('submit')).toHaveLength(1)
  })

  it('leads the keyboard to the search and back', async () => {
    await shown(phone(8), SHOP)
    await sheet!.find('.chosen button').trigger('click')
    await nextTick()
    expect(document.activeElement).toBe(sheet!.find('input[type=search]').element)
    await sheet!.find('button.nobody').trigger('click')
    await nextTick()
    expect(document.activeElement).toBe(sheet!.find('.chosen button').element)
  })
})

describe('a sheet about a case', () => {
  let scope: EffectScope
  afterEach(() => scope.stop())

  const view = (id: number, offerId?: number): OfficerView =>
    ({
      unit: { id: 3, duty: 'committed' },
      offer: offerId === undefined ? null : { id: offerId, ticket: ticket({ id: 99 }), expires_at: null },
      sortie: { ticket: ticket({ id, status: 'on_scene' }) },
    }) as unknown as OfficerView

  /** The server tells the state as it is now. */
  async function tell(state: OfficerView): Promise<void> {
    vi.stubGlobal('fetch', async () => new Response(JSON.stringify(state)))
    await useOfficer().refresh()
    await nextTick()
  }

  it('is closed when the next case comes, that of the place also by an offer', async () => {
    scope = effectScope()
    const { sheet: now } = scope.run(() => useActions(() => null))!
    for (const open of ['redispatch', 'outcome', 'far', 'place'] as const) {
      await tell(view(1))
      now.value = open
      await tell({ ...view(1), tickets_done_today: 3 })
      expect(now.value, 'the same case').toBe(open)
      await tell(view(2))
      expect(now.value, open).toBe('')
    }
    for (const [open, after] of [
      ['place', ''],
      ['outcome', 'outcome'],
    ] as const) {
      now.value = open
      await tell(view(2, 7))
      expect(now.value, open).toBe(after)
      await tell(view(2))
    }
  })
})
