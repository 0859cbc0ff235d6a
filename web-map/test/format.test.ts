// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest'
import * as f from '../src/format'
import { ownPath } from '../src/login/next'
import { axisTop, smoothPath } from '../src/screen/trend'

describe('times', () => {
  it('are those of Shanghai, with midnight as 00', () => {
    expect(f.clockTime('2026-11-21T16:00:05Z')).toBe('00:00:05')
    expect(f.longDate('2026-11-21T16:00:05Z', 'zh-CN')).toBe('11月22日 星期日')
    expect(f.dateTime('2026-11-21T15:00:00Z', Date.parse('2026-11-22T06:00:00Z'))).toBe('11-21 23:00')
    expect(f.dateTime('2026-11-21T16:30:00Z', Date.parse('2026-11-22T06:00:00Z'))).toBe('00:30')
  })

  it.each([
    [0, '00:00'],
    [-185, '03:05'],
    [5999, '99:59'],
    [6000, '1:40 h', '1:40 小时'],
    [48 * 3600, '2 d', '2 天'],
  ])('span of %s s is %s', (seconds, english, chinese = english) => {
    expect(f.span(seconds, 'en')).toBe(english)
    expect(f.span(seconds, 'zh-CN')).toBe(chinese)
  })
})

describe('unknown is not zero', () => {
  it('writes a dash for what is not known and 0 for zero', () => {
    expect(f.distance(null)).toBe('–')
    expect(f.distance(0)).toBe('0 m')
    expect(f.decimal(undefined)).toBe('–')
    expect(f.decimal(0)).toBe('0.0')
    expect(f.minutes(null)).toBeNull()
    expect(f.clockTime(null)).toBe('–')
  })

  it.each([
    [994, '990 m'],
    [996, '1.0 km'],
    [9_940, '9.9 km'],
    [9_960, '10 km'],
  ])('%s m is %s', (metres, text) => expect(f.distance(metres)).toBe(text))
})

describe('the trend', () => {
  it('has an axis that holds the highest value in round steps', () => {
    for (let highest = 1; highest < 400; highest++) {
      const top = axisTop(highest, 4)
      expect(top).toBeGreaterThanOrEqual(highest)
      expect(top % 4).toBe(0)
      expect(top).toBeLessThanOrEqual(Math.max(4, highest * 2.5))
    }
  })

  it('never leaves the range of the two points it joins', () => {
    const ys = [5, 0, 0, 9, 3, 3, 3, 20, 1, 7]
    const points = ys.map((y, i): [number, number] => [i * 10, y])
    const curves = smoothPath(points).split('C').slice(1)
    expect(curves).toHaveLength(ys.length - 1)
    curves.forEach((curve, i) => {
      const [, y1, , y2] = curve.split(' ').map(Number)
      for (const y of [y1!, y2!]) {
        expect(y).toBeGreaterThanOrEqual(Math.min(ys[i]!, ys[i + 1]!) - 0.05)
        expect(y).toBeLessThanOrEqual(Math.max(ys[i]!, ys[i + 1]!) + 0.05)
      }
    })
  })
})

describe('ownPath', () => {
  it.each([
    ['/desk?x=1', '/desk?x=1'],
    ['//evil.example', ''],
    ['/\\evil.example', ''],
    ['https://evil.example', ''],
    [['/a', '/b'], ''],
    [undefined, ''],
  ])('%s leads to %s', (wanted, path) => expect(ownPath(wanted)).toBe(path))
})
