// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import QueueRow from '../src/desk/QueueRow.vue'
import { addMessages, i18n, setLocale } from '../src/i18n'
import deskEn from '../src/i18n/desk.en'
import deskZh from '../src/i18n/desk.zh'
import en from '../src/i18n/place.en'
import zh from '../src/i18n/place.zh'
import { isPlaceLate, isPlaceOpen } from '../src/tickets'
import { ticket } from './samples'

addMessages('desk', deskZh, deskEn)
addMessages('place', zh, en)

const inMinutes = (n: number) => new Date(Date.now() + n * 60_000).toISOString()
const row = (due: string | null, over = {}) =>
  mount(QueueRow, {
    global: { plugins: [i18n, createPinia()] },
    props: { ticket: ticket({ place_check_due: due, ...over }), fresh: false },
  })

beforeEach(() => setLocale('zh-CN'))

describe('the mark of a place that is not verified', () => {
  it('is words and a sign, and looks and reads otherwise once asking is overdue', () => {
    const open = row(inMinutes(20)).get('.place-word')
    const late = row(inMinutes(-1)).get('.place-word')
    expect(open.text()).toBe(zh.mark.open)
    expect(late.text()).toBe(zh.mark.late)
    expect(late.classes()).toContain('late')
    expect(open.get('svg').html()).not.toBe(late.get('svg').html())
    setLocale('en')
    expect(row(inMinutes(-1)).get('.place-word').text()).toBe(en.mark.late)
  })

  it('is gone once it was settled or the case is closed', () => {
    expect(row(null).find('.place-word').exists()).toBe(false)
    expect(row(inMinutes(-1), { status: 'closed' }).find('.place-word').exists()).toBe(false)
  })

  it('counts as late only after its time', () => {
    const t = ticket({ place_check_due: '2026-11-22T06:30:00Z' })
    const due = Date.parse('2026-11-22T06:30:00Z')
    expect([isPlaceOpen(t), isPlaceLate(t, due), isPlaceLate(t, due + 1)]).toEqual([true, false, true])
    expect(isPlaceLate(ticket(), due + 1)).toBe(false)
  })
})
