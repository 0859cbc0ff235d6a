/**
 * Replies come in any order. Each call of what this returns overtakes the ones before: their answers and failures are
 * dropped. Without `read` it only overtakes.
 */
export function newestOnly() {
  let turn = 0
  return async <T>(read?: () => Promise<T>, take?: (answer: T) => void): Promise<void> => {
    const mine = ++turn
    try {
      const answer = await read?.()
      if (mine === turn && answer !== undefined) take?.(answer)
    } catch (error) {
      if (mine === turn) throw error
    }
  }
}
