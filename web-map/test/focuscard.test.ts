// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { beforeEach, expect, it } from 'vitest'
import { addMessages, i18n, setLocale } from '../src/i18n'
import en from '../src/i18n/screen.en'
import zh from '../src/i18n/screen.zh'
import FocusCard from '../src/screen/FocusCard.vue'
import { ticket } from './samples'

addMessages('screen', zh, en)
beforeEach(() => setLocale('zh-CN'))

/** The rows and the caption of a card with units of these bases. */
function card(...bases: string[]) {
  const choices = bases.map((basis, i) => ({
    unitId: i + 1,
    callSign: `云溪0${i + 1}`,
    distanceM: 4000,
    etaS: 540,
    basis,
  }))
  const page = mount(FocusCard, {
    global: { plugins: [i18n, createPinia()] },
    props: { ticket: ticket(), choices, ranked: true, known: true, pinned: false },
  })
  return { rows: page.findAll('li').map((row) => row.text()), caption: page.find('.basis') }
}

it('says once how all were estimated', () => {
  const { rows, caption } = card('road', 'road')
  expect(caption.text()).toBe(zh.focus.road)
  for (const row of rows) expect(row).not.toContain(zh.focus.own.road)
})

it('says it of each when they were not estimated alike', () => {
  const { rows, caption } = card('road', 'straight_line')
  expect(caption.exists()).toBe(false)
  expect(rows[0]).toContain(zh.focus.own.road)
  expect(rows[1]).toContain(zh.focus.own.straight)
})

it('says nothing of the way of a unit that is there', () => {
  const unit = {
    id: 1,
    call_sign: '云溪01',
    squad: '一中队',
    distance_m: 0,
    eta_s: 0,
    eta_basis: 'straight_line',
    eta_at: null,
  }
  const page = mount(FocusCard, {
    global: { plugins: [i18n, createPinia()] },
    props: {
      ticket: ticket({ status: 'on_scene', unit }),
      choices: [],
      ranked: true,
      known: true,
      pinned: false,
    },
  })
  expect(page.findAll('li').map((row) => row.text())).toEqual([expect.stringContaining('到场')])
  expect(page.find('.basis').exists()).toBe(false)
  expect(page.text()).not.toContain(zh.focus.own.straight)
})
