import { describe, expect, it } from 'vitest'
import { codeOf, grouped, numberOf, pairOf } from '../src/public/input'
import { qrModules, qrPath } from '../src/public/qr'
import { countText, sumOf } from '../src/public/sum'

const NUMBER = '12313-36-20261122-000123-7'

describe('number and code as people type them', () => {
  it('takes spaces, full-width characters and any dash', () => {
    expect(numberOf(` １２３１３－36–20261122—000123 -7 `)).toBe(NUMBER)
    expect(codeOf(' 8f3k - 27qd')).toBe('8F3K27QD')
    expect(codeOf('８Ｆ３Ｋ２７ＱＤ')).toBe('8F3K27QD')
    expect(grouped('8F3K27QD')).toBe('8F3K-27QD')
  })

  it('finds both in a pasted message', () => {
    const both = { number: NUMBER, code: '8F3K27QD' }
    expect(pairOf(`受理编号：${NUMBER}，查询码：8F3K-27QD，请勿告诉他人。`)).toEqual(both)
    expect(pairOf(`8f3k27qd ${NUMBER}`)).toEqual(both)
  })

  it('leaves a paste of one of them to the field', () => {
    expect(pairOf(NUMBER)).toBeNull()
    expect(pairOf('8F3K27QD')).toBeNull()
  })
})

describe('counts that are too small', () => {
  it('are not zero', () => {
    expect([null, 0, 5].map(countText)).toEqual(['<5', '0', '5'])
  })
})

describe('sums over districts', () => {
  it('says when counts are suppressed, and that nothing is known', () => {
    expect(sumOf([7, 5])).toEqual({ n: 12, atLeast: false })
    expect(sumOf([7, null])).toEqual({ n: 7, atLeast: true })
    expect(sumOf([null, null])).toBeNull()
    expect(sumOf([])).toEqual({ n: 0, atLeast: false })
  })
})

describe('QR code', () => {
  // Read back by a decoder when it was written down.
  it('draws a known code', () => {
    const rows = qrModules('jiujin/p')!.map((row) => row.map((dark) => (dark ? '#' : '.')).join(''))
    expect(rows).toMatchInlineSnapshot(`
      [
        "#######.#.#.#.#######",
        "#.....#..#....#.....#",
        "#.###.#.###.#.#.###.#",
        "#.###.#..####.#.###.#",
        "#.###.#...#.#.#.###.#",
        "#.....#.##....#.....#",
        "#######.#.#.#.#######",
        ".........#.#.........",
        "#.#...##.#.##..#..#.#",
        "..##.#.#..#....##.#.#",
        "###...#...#..##.#.#.#",
        ".#.##..####.#..###..#",
        "###..###.....##....#.",
        "........####.##.##..#",
        "#######.######.##.#.#",
        "#.....#..#.#.##.##...",
        "#.###.#...#####..#.#.",
        "#.###.#..#......#.#..",
        "#.###.#.#.#...#.##.##",
        "#.....#..##.#..#.#...",
        "#######.###...##.#..#",
      ]
    `)
  })

  it('grows with the text and stops at 106 bytes', () => {
    expect(qrModules('x'.repeat(14))).toHaveLength(21)
    expect(qrModules('x'.repeat(15))).toHaveLength(25)
    expect(qrModules('x'.repeat(106))).toHaveLength(41)
    expect(qrModules('x'.repeat(107))).toBeNull()
    expect(qrPath('https://12313.example.gov.cn/p')?.size).toBe(29 + 8)
  })
})
