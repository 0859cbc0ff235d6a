/** Geometry of the trend chart, in the units of its SVG view box. */

/** The top of the axis: the smallest round number at or above the highest value, divisible into `steps`. */
export function axisTop(highest: number, steps: number): number {
  const rough = Math.max(1, Math.ceil(highest / steps))
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 3, 4, 5, 10].map((f) => f * power).find((s) => s >= rough)!
  return step * steps
}

/**
 * A smooth path through points that are sorted by x. The slope at a peak or a valley is zero (monotone cubic),
 * so the curve never shows a value above or below the ones it joins.
 */
export function smoothPath(points: [x: number, y: number][]): string {
  if (points.length === 0) return ''
  const slope = points.map(([x, y], i) => {
    const before = points[i - 1]
    const after = points[i + 1]
    if (!before || !after) return 0
    const left = (y - before[1]) / (x - before[0])
    const right = (after[1] - y) / (after[0] - x)
    return left * right <= 0 ? 0 : (2 * left * right) / (left + right)
  })
  let path = `M${fix(points[0]![0])} ${fix(points[0]![1])}`
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1]!
    const [x1, y1] = points[i]!
    const third = (x1 - x0) / 3
    path += `C${fix(x0 + third)} ${fix(y0 + slope[i - 1]! * third)}`
    path += ` ${fix(x1 - third)} ${fix(y1 - slope[i]! * third)} ${fix(x1)} ${fix(y1)}`
  }
  return path
}

const fix = (n: number) => Math.round(n * 10) / 10
