// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest'
import { createI18n } from 'vue-i18n'
import { EVENT_TYPES, actorText, checkText, eventText, type Names } from '../src/desk/case/events'
import { emptyContact, emptyDraft, loadDraft, requestOf, saveDraft } from '../src/desk/intake/draft'
import { Intent } from '../src/desk/intent'
import { KEYS, commandOf } from '../src/desk/keys'
import { REASONS, isHard, reasonText } from '../src/desk/reasons'
import { fromField, toField } from '../src/desk/units/localTime'
import coreEn from '../src/i18n/core.en'
import coreZh from '../src/i18n/core.zh'
import deskEn from '../src/i18n/desk.en'
import deskZh from '../src/i18n/desk.zh'
import placeEn from '../src/i18n/place.en'
import placeZh from '../src/i18n/place.zh'
import type { EventView } from '../src/wire'
import type { PlaceChecked } from '../src/wire/place'

const LANGUAGES = ['zh-CN', 'en'] as const

/** A translator that fails the test on a text that is missing. */
function translator(locale: (typeof LANGUAGES)[number]) {
  const i18n = createI18n({
    legacy: false,
    locale: locale as string,
    messages: {
      'zh-CN': { ...coreZh, desk: deskZh, place: placeZh } as object,
      en: { ...coreEn, desk: deskEn, place: placeEn } as object,
    } as Record<string, Record<string, string>>,
    missing: (_, key) => {
      throw new Error(`no text for ${key} in ${locale}`)
    },
  })
  return i18n.global.t as (key: string, params?: Record<string, unknown>) => string
}

const PARAMS: Record<string, Record<string, string | number>> = {
  farther: { more_s: 300, more_min: 5 },
  penalised: { decline_min: 3, age_min: 0.5 },
  other_squad: { border_min: 5 },
  in_repair: { text: '更换轮胎' },
  stale_fix: { age_s: 2400 },
  offered: { ticket: 'T-1' },
  on_task: { ticket: 'T-2', status: 'en_route' },
  declined_before: { reason: 'danger' },
  eta_over_cap: { cap_min: 90 },
}

describe.each(LANGUAGES)('words in %s', (language) => {
  const t = translator(language)

  it('has a sentence for every reason, with and without its figures, all different', () => {
    const declineName = (code: string) => `<${code}>`
    const sentences = REASONS.map((reason) =>
      reasonText(t, { reason, params: PARAMS[reason] ?? {} }, declineName),
    )
    expect(new Set(sentences).size).toBe(REASONS.length)
    for (const sentence of sentences) expect(sentence).not.toMatch(/desk\.|[{}]/)
    for (const reason of REASONS) expect(reasonText(t, { reason, params: {} }, declineName)).toBeTruthy()
    expect(sentences[REASONS.indexOf('stale_fix')]).toContain('40')
    expect(sentences[REASONS.indexOf('on_task')]).toContain('T-2')
    expect(sentences[REASONS.indexOf('declined_before')]).toContain('<danger>')
    const declined = ['no_answer', 'aborted', 'danger'].map((reason) =>
      reasonText(t, { reason: 'declined_before', params: { reason } }, declineName),
    )
    expect(new Set(declined).size).toBe(3)
    for (const sentence of declined) expect(sentence).not.toMatch(/no_answer|aborted/)
    const penalised = sentences[REASONS.indexOf('penalised')]
    expect(penalised).toContain('3')
    expect(penalised).toContain('0.5')
    expect(
      reasonText(t, { reason: 'penalised', params: { decline_min: 0, age_min: 2 } }, declineName),
    ).not.toContain('0')
    const farther = (territory: 'own' | 'other' | '', params = {}) =>
      reasonText(t, { reason: 'farther', territory, params: { more_s: 300, ...params } }, declineName)
    expect(farther('own')).not.toBe(farther(''))
    expect(farther('other', { border_min: 7 })).toContain('7')
    expect(farther('other')).toBe(farther('')) // the policy adds nothing
    expect(reasonText(t, { reason: 'brand_new', params: {} }, declineName)).toContain('brand_new')
  })

  it('says of a place which shop it is, how far it moved, what was asked and what the note was', () => {
    const names: Names = { unit: () => '', decline: () => '', outcome: () => '' }
    const event = (type: string, data: object = {}) => ({ type, data }) as EventView
    const found = eventText(t, event('place.verified', { retailer: '恒发商贸行', moved_m: 120 }), names)
    expect(found).toContain('恒发商贸行')
    expect(found).toContain('120 m')
    expect(eventText(t, event('place.verified', { moved_m: 0 }), names)).not.toMatch(/[{}]|0 m/)
    const check = { question: '在哪条路上？', note: '在学校西门' } as PlaceChecked
    expect(checkText(t, event('place.unverified'), check).join()).toContain('在哪条路上？')
    expect(checkText(t, event('place.asked'), check).join()).toContain('在学校西门')
    expect(checkText(t, event('place.asked'), null)).toEqual([])
    expect(checkText(t, event('ticket.closed'), check)).toEqual([])
  })

  it('has a sentence for every event, naming unit and reason', () => {
    const names: Names = { unit: () => '滨湖-04', decline: (c) => `<${c}>`, outcome: (c) => `(${c})` }
    const event = (type: string, data: Record<string, unknown> = {}): EventView => ({
      seq: 1,
      at: '2026-11-22T06:00:00Z',
      type,
      actor: 'engine',
      actor_name: '',
      ticket_id: 1,
      unit_id: 2,
      data,
    })
    for (const type of EVENT_TYPES) expect(eventText(t, event(type), names)).not.toMatch(/desk\.|[{}]/)
    expect(eventText(t, event('offer.declined', { reason: 'danger' }), names)).toMatch(/滨湖-04.*<danger>/)
    expect(eventText(t, event('sortie.finished', { outcome: 'I02' }), names)).toContain('(I02)')
    const raised = eventText(t, event('ticket.alarm', { alarm: 'no_candidate' }), names)
    expect(eventText(t, event('ticket.alarm', { alarm: '' }), names)).not.toBe(raised)
    expect(eventText(t, event('policy.changed'), names)).toContain('policy.changed')
    expect(actorText(t, { actor: 'person:7', actor_name: '林晓' })).toBe('林晓')
    expect(actorText(t, { actor: 'person:8', actor_name: '' })).toContain('8')
  })

  it('has a text for every key of the help', () => {
    for (const { command } of KEYS) expect(t(`desk.keys.${command}`)).toBeTruthy()
  })
})

describe('the draft of a demand', () => {
  beforeEach(() => sessionStorage.clear())

  it('keeps what was typed but never the contact of the reporter', () => {
    const contact = { name: '张三', phone: '13800002211', note: '晚上打' }
    const draft = { ...emptyDraft(), narrative: '卖假烟', mode: 'named' as const, ...contact, contact }
    saveDraft(draft)
    expect(loadDraft()).toEqual({ ...emptyDraft(), narrative: '卖假烟', mode: 'named' })
    const stored = JSON.stringify({ ...sessionStorage, ...localStorage })
    for (const secret of Object.values(contact)) expect(stored).not.toContain(secret)
  })

  it('sends contact only when the reporter is not anonymous, and no urgency that nobody chose', () => {
    const contact = { name: ' 张三 ', phone: '138', note: '' }
    expect(requestOf({ ...emptyDraft(), mode: 'hidden' }, contact).reporter).toEqual({
      mode: 'hidden',
      name: '张三',
      phone: '138',
    })
    const anonymous = requestOf({ ...emptyDraft(), mode: 'anonymous' }, contact)
    expect(anonymous.reporter).toEqual({ mode: 'anonymous' })
    expect(anonymous).not.toHaveProperty('urgency')
    expect(requestOf({ ...emptyDraft(), urgency: 1, pin: [114.5, 30.2] }, emptyContact())).toMatchObject({
      urgency: 1,
      lon: 114.5,
      lat: 30.2,
    })
  })
})

describe('keys', () => {
  const press = (key: string, more: object = {}) =>
    commandOf({
      key,
      ctrlKey: false,
      metaKey: false,
      altKey: false,
      target: document.body,
      defaultPrevented: false,
      repeat: false,
      isComposing: false,
      ...more,
    })

  it('do what the help says', () => {
    const typed: Record<string, string> = { 'Ctrl K': 'k', Esc: 'Escape' }
    for (const { command, shown } of KEYS) {
      if (command === 'submit') continue // belongs to the intake form
      expect(press(typed[shown] ?? shown, { ctrlKey: shown.startsWith('Ctrl') })).toBe(command)
    }
  })

  it('are off while somebody types, except the palette, and offers do not repeat', () => {
    const field = document.createElement('textarea')
    expect(press('j', { target: field })).toBeNull()
    expect(press('1', { target: field })).toBeNull()
    expect(press('k', { target: field, ctrlKey: true })).toBe('palette')
    expect(press('Enter', { target: document.createElement('button') })).toBeNull()
    expect(press('1', { repeat: true })).toBeNull()
    expect(press('j', { repeat: true })).toBe('next')
    expect(press('1', { defaultPrevented: true })).toBeNull()
    expect(press('n', { ctrlKey: true })).toBeNull()
  })
})

describe('an intent', () => {
  it('keeps its key for the same request until it was answered', () => {
    const intent = new Intent()
    const first = intent.keyFor('/tickets', { a: 1 })
    expect(intent.keyFor('/tickets', { a: 1 })).toBe(first)
    expect(intent.keyFor('/tickets', { a: 2 })).not.toBe(first)
    const second = intent.keyFor('/tickets', { a: 3 })
    intent.done()
    expect(intent.keyFor('/tickets', { a: 3 })).not.toBe(second)
  })
})

it('reads and writes times of Asia/Shanghai wherever the browser is', () => {
  expect(toField(Date.parse('2026-11-22T16:30:00Z'))).toBe('2026-11-23T00:30')
  expect(fromField('2026-11-23T00:30')).toBe('2026-11-22T16:30:00.000Z')
  expect(fromField('')).toBe('')
})

it('lets nobody overrule that a unit is taken or away', () => {
  expect(REASONS.filter(isHard)).toEqual(['off_shift', 'in_repair', 'offered', 'on_task'])
})
