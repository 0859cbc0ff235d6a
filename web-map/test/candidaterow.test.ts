// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { beforeEach, expect, it } from 'vitest'
import CandidateRow from '../src/desk/case/CandidateRow.vue'
import { addMessages, i18n, setLocale } from '../src/i18n'
import en from '../src/i18n/desk.en'
import zh from '../src/i18n/desk.zh'
import type { Candidate } from '../src/wire'

addMessages('desk', zh, en)

const candidate = (eta_basis: string) =>
  ({
    unit_id: 1,
    call_sign: '云溪01',
    squad: '一中队',
    rank: 1,
    eligible: true,
    reason: 'best',
    params: {},
    distance_m: 4200,
    eta_s: 540,
    eta_basis,
    score_min: 9,
    load: 0,
    lon: 104,
    lat: 30,
    terms: { eta: 9, border: 0, decline: 0, age: 0 },
  }) as unknown as Candidate

/** The text of a row in a list whose times come from the roads. */
const text = (basis: string) =>
  mount(CandidateRow, {
    global: { plugins: [i18n] },
    props: { candidate: candidate(basis), basis: 'road', longest: 9, mayOffer: false, why: '' },
  }).text()

beforeEach(() => setLocale('zh-CN'))

it('says how its own time was estimated when that is not how the others were', () => {
  expect(text('straight_line')).toContain(zh.candidates.own.straight_line)
  expect(text('external')).toContain(zh.candidates.own.external)
  expect(text('road')).not.toContain(zh.candidates.own.road)
})
