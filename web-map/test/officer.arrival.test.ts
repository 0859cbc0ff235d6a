// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { addMessages, i18n } from '../src/i18n'
import en from '../src/i18n/officer.en'
import zh from '../src/i18n/officer.zh'
import ArrivalPrompt from '../src/officer/ArrivalPrompt.vue'
import type { SortieCard } from '../src/wire'
import { ticket } from './samples'

addMessages('officer', zh, en)

function prompt(status: 'en_route' | 'on_scene', arrival: SortieCard['arrival']) {
  const card = { id: 0, ticket: ticket({ status }), arrival } as SortieCard
  return mount(ArrivalPrompt, { props: { card, busy: false }, global: { plugins: [i18n] } })
}

const seen = { proposed_at: '2026-11-22T02:12:00Z', metres: 78 }

describe('the arrival prompt', () => {
  it('asks only under way and only after positions said so', () => {
    expect(prompt('en_route', null).find('section').exists()).toBe(false)
    expect(prompt('on_scene', seen).find('section').exists()).toBe(false)
    expect(prompt('en_route', seen).text()).toContain('10:12')
  })

  it('does nothing by itself: one button confirms, the other waves it away for good', async () => {
    const asked = prompt('en_route', seen)
    expect(asked.emitted('arrive')).toBeUndefined()
    await asked.findAll('button')[1]!.trigger('click')
    expect(asked.emitted('arrive')).toHaveLength(1)
    await asked.findAll('button')[0]!.trigger('click')
    expect(asked.find('section').exists()).toBe(false)
    await asked.setProps({
      card: { id: 0, ticket: ticket({ status: 'en_route' }), arrival: seen } as SortieCard,
    })
    expect(asked.find('section').exists()).toBe(false)
  })
})
