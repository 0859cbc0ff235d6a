/** A count of the public board as it is shown: null is too few to be told. */
export const countText = (n: number | null): string => (n === null ? '<5' : String(n))

/** A count over districts: `atLeast` when some are suppressed, null when nothing is known. */
export interface Sum {
  n: number
  atLeast: boolean
}

/** Adds up what is known of the counts. */
export function sumOf(counts: (number | null)[]): Sum | null {
  const known = counts.filter((c) => c !== null)
  if (counts.length > 0 && known.length === 0) return null
  return { n: known.reduce((a, b) => a + b, 0), atLeast: known.length < counts.length }
}
