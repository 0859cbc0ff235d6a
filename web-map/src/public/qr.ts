/**
 * A QR code for a short address: byte mode, error correction M, versions 1 to 6 (up to 106 bytes), mask 0..7 by
 * the penalty rules of ISO/IEC 18004. Only what this page needs; there is no decoder.
 */

/** By version: data code words, error correction words per block, blocks, place of the alignment mark (0 = none). */
const VERSIONS = [
  { data: 16, ecc: 10, blocks: 1, mark: 0 },
  { data: 28, ecc: 16, blocks: 1, mark: 18 },
  { data: 44, ecc: 26, blocks: 1, mark: 22 },
  { data: 64, ecc: 18, blocks: 2, mark: 26 },
  { data: 86, ecc: 24, blocks: 2, mark: 30 },
  { data: 108, ecc: 16, blocks: 4, mark: 34 },
]
const QUIET = 4
const ECC_M = 0b00

/** The dark modules as an SVG path in a square of `size`, quiet zone included; null when the text is too long. */
export function qrPath(text: string): { size: number; path: string } | null {
  const modules = qrModules(text)
  if (!modules) return null
  let path = ''
  modules.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (dark) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`
    }),
  )
  return { size: modules.length + 2 * QUIET, path }
}

/** The modules row by row, true = dark, without the quiet zone; null when the text is too long. */
export function qrModules(text: string): boolean[][] | null {
  const bytes = new TextEncoder().encode(text)
  const version = VERSIONS.findIndex((v) => bytes.length + 2 <= v.data) + 1
  if (version === 0) return null
  const words = interleaved(dataWords(bytes, VERSIONS[version - 1]!.data), version)
  const masked = Array.from({ length: 8 }, (_, mask) => draw(version, words, mask))
  const cost = masked.map(penalty)
  return masked[cost.indexOf(Math.min(...cost))]!
}

/** Mode, length, bytes, end mark and filling, as code words. Up to version 9 the length takes 8 bits. */
function dataWords(bytes: Uint8Array, capacity: number): number[] {
  const nibbles = [0b0100, bytes.length >> 4, bytes.length & 15]
  for (const b of bytes) nibbles.push(b >> 4, b & 15)
  nibbles.push(0)
  const words: number[] = []
  for (let i = 0; i < nibbles.length; i += 2) words.push((nibbles[i]! << 4) | (nibbles[i + 1] ?? 0))
  for (let fill = 0xec; words.length < capacity; fill ^= 0xec ^ 0x11) words.push(fill)
  return words
}

/** The blocks' data words in turn, then their error correction words in turn. */
function interleaved(words: number[], version: number): number[] {
  const { ecc, blocks } = VERSIONS[version - 1]!
  const size = words.length / blocks
  const data = Array.from({ length: blocks }, (_, i) => words.slice(i * size, (i + 1) * size))
  const checks = data.map((block) => remainder(block, ecc))
  const turns = (lists: number[][]) => lists[0]!.flatMap((_, i) => lists.map((list) => list[i]!))
  return [...turns(data), ...turns(checks)]
}

function times(a: number, b: number): number {
  let z = 0
  for (let i = 7; i >= 0; i--) {
    z = (z << 1) ^ ((z >> 7) * 0x11d)
    z ^= ((b >> i) & 1) * a
  }
  return z
}

/** Reed–Solomon check words of a block over GF(256). */
function remainder(block: number[], degree: number): number[] {
  let generator = [1]
  let root = 1
  for (let i = 0; i < degree; i++) {
    const next = [...generator, 0]
    generator.forEach((c, j) => (next[j + 1]! ^= times(c, root)))
    generator = next
    root = times(root, 2)
  }
  const rest = Array<number>(degree).fill(0)
  for (const word of block) {
    const factor = word ^ rest.shift()!
    rest.push(0)
    for (let i = 0; i < degree; i++) rest[i]! ^= times(generator[i + 1]!, factor)
  }
  return rest
}

const MASKS: ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

function draw(version: number, words: number[], mask: number): boolean[][] {
  const size = 17 + 4 * version
  const cells: (boolean | undefined)[][] = Array.from({ length: size }, () => Array(size).fill(undefined))
  const set = (x: number, y: number, dark: boolean) => {
    if (cells[y] && x >= 0 && x < size) cells[y][x] = dark
  }
  drawFinders(size, set)
  drawAlignment(VERSIONS[version - 1]!.mark, set)
  for (let i = 8; i < size - 8; i++) {
    set(6, i, i % 2 === 0)
    set(i, 6, i % 2 === 0)
  }
  drawFormat(size, mask, set)
  drawWords(cells, words, MASKS[mask]!)
  return cells as boolean[][]
}

type Set = (x: number, y: number, dark: boolean) => void

function drawFinders(size: number, set: Set): void {
  for (const [cx, cy] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const) {
    for (let dy = -4; dy <= 4; dy++) {
      for (let dx = -4; dx <= 4; dx++) {
        const ring = Math.max(Math.abs(dx), Math.abs(dy))
        set(cx + dx, cy + dy, ring !== 2 && ring !== 4)
      }
    }
  }
}

function drawAlignment(at: number, set: Set): void {
  if (at === 0) return
  for (let dy = -2; dy <= 2; dy++) {
    for (let dx = -2; dx <= 2; dx++) set(at + dx, at + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1)
  }
}

/** Error correction level and mask, twice, with their own check bits (BCH 15,5). */
function drawFormat(size: number, mask: number, set: Set): void {
  const data = (ECC_M << 3) | mask
  let rest = data
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537)
  const bits = ((data << 10) | rest) ^ 0x5412
  const bit = (i: number) => ((bits >> i) & 1) === 1
  for (let i = 0; i < 6; i++) set(8, i, bit(i))
  set(8, 7, bit(6))
  set(8, 8, bit(7))
  set(7, 8, bit(8))
  for (let i = 9; i < 15; i++) set(14 - i, 8, bit(i))
  for (let i = 0; i < 8; i++) set(size - 1 - i, 8, bit(i))
  for (let i = 8; i < 15; i++) set(8, size - 15 + i, bit(i))
  set(8, size - 8, true)
}

/** Fills the free cells in columns of two, upwards and downwards in turn, and applies the mask to them. */
function drawWords(
  cells: (boolean | undefined)[][],
  words: number[],
  mask: (x: number, y: number) => boolean,
): void {
  const size = cells.length
  let at = 0
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5
    const upwards = ((right + 1) & 2) === 0
    for (let step = 0; step < size; step++) {
      const y = upwards ? size - 1 - step : step
      for (const x of [right, right - 1]) {
        if (cells[y]![x] !== undefined) continue
        const dark = (((words[at >> 3] ?? 0) >> (7 - (at & 7))) & 1) === 1
        cells[y]![x] = dark !== mask(x, y)
        at++
      }
    }
  }
}

/** How hard the pattern is to read: runs, blocks, look-alikes of the corner marks, imbalance. */
function penalty(cells: boolean[][]): number {
  const size = cells.length
  const lines = [...cells, ...cells.map((_, x) => cells.map((row) => row[x]!))]
  let cost = 0
  for (const line of lines) {
    const text = line.map((dark) => (dark ? '1' : '0')).join('')
    for (const run of text.match(/0{5,}|1{5,}/g) ?? []) cost += run.length - 2
    for (const look of ['10111010000', '00001011101']) {
      for (let i = text.indexOf(look); i >= 0; i = text.indexOf(look, i + 1)) cost += 40
    }
  }
  for (let y = 0; y < size - 1; y++) {
    for (let x = 0; x < size - 1; x++) {
      const dark = cells[y]![x]
      if (dark === cells[y]![x + 1] && dark === cells[y + 1]![x] && dark === cells[y + 1]![x + 1]) cost += 3
    }
  }
  const share = cells.flat().filter(Boolean).length / (size * size)
  return cost + Math.floor(Math.abs(share * 100 - 50) / 5) * 10
}
