// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import ShopVerdict from '../src/desk/intake/ShopVerdict.vue'
import { rowsOf, saysWhere, withAnswer } from '../src/desk/intake/useShops'
import { addMessages, i18n, setLocale } from '../src/i18n'
import en from '../src/i18n/place.en'
import zh from '../src/i18n/place.zh'
import type { Retailer } from '../src/wire'
import type { Resolved, ResolvedShop } from '../src/wire/place'

addMessages('place', zh, en)

const hit = (id: number) => ({ id, licence_no: `n${id}`, name: `店${id}`, address: `路${id}` }) as Retailer
const meant = (id: number, score = 0.4): ResolvedShop => ({
  ...{ id, licence_no: `n${id}`, name: `店${id}`, address: `路${id}`, lon: 104, lat: 30 },
  ...{ over: false, score, why_zh: '路名相符', why_en: 'the road fits' },
})

describe('words about a place', () => {
  it('are asked after only when they say where', () => {
    for (const name of ['', '烟酒', 'hfsmh', '510104100009']) expect(saysWhere(name), name).toBe(false)
    expect(saysWhere('双楠路十八号那家红旗')).toBe(true)
  })

  it('bring the likeliest shops first, each once, then what search finds besides', () => {
    const rows = rowsOf([meant(7), meant(2)], [hit(1), hit(2), hit(3)])
    expect(rows.map((r) => r.id)).toEqual([7, 2, 1, 3])
    expect(rows.map((r) => [r.hit !== null, r.candidate !== null])).toEqual([
      [false, true],
      [true, true],
      [true, false],
      [true, false],
    ])
  })

  it('take an answer where an address has it', () => {
    expect(withAnswer('红旗超市', 'district', '武侯区')).toBe('武侯区红旗超市')
    expect(withAnswer('红旗超市', 'road', '双楠路')).toBe('红旗超市 双楠路')
  })
})

describe('the verdict', () => {
  const question = {
    about: 'road' as const,
    options: ['东街', '西街'],
    zh: '是在东街，还是西街？',
    en: 'East or West?',
  }
  const show = (resolved: Partial<Resolved>, state: 'done' | 'failed' = 'done') =>
    mount(ShopVerdict, {
      global: { plugins: [i18n] },
      props: {
        ...{ state, failure: '无法连接。', choosing: true },
        resolved: { sure: false, unknown: 0.1, candidates: [meant(1), meant(2)], question, ...resolved },
      },
    })

  it('asks one question in the language of the page, and hands on the answer', async () => {
    const verdict = show({})
    expect(verdict.text()).toContain(question.zh)
    await verdict.findAll('button')[1]!.trigger('click')
    expect(verdict.emitted('answer')).toEqual([['西街']])
    setLocale('en')
    expect(show({}).text()).toMatch(/Not sure.*East or West\?/)
    setLocale('zh-CN')
  })

  it('says who it is when sure, that nothing fits, and that the connection is cut', () => {
    expect(show({ sure: true, question: null }).text()).toContain('店1')
    expect(show({ candidates: [], unknown: 1 }).text()).toContain(zh.verdict.none)
    expect(show({ unknown: 0.9 }).text()).toContain(zh.verdict.outside)
    expect(show({}, 'failed').text()).toContain('无法连接。')
  })

  it('offers no initial of a person as words of an address', () => {
    const verdict = show({ question: { ...question, about: 'operator', options: ['王', '李'] } })
    expect(verdict.findAll('button')).toHaveLength(0)
  })
})
