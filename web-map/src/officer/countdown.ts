/** Time left to answer an offer, by the server's clock. All three in milliseconds since 1970. */
export function countdown(offeredAt: number, expiresAt: number, now: number): Countdown {
  const left = Math.max(0, expiresAt - now)
  const whole = expiresAt - offeredAt
  return {
    seconds: Math.ceil(left / 1000),
    share: whole > 0 ? Math.min(1, left / whole) : 0,
    over: left === 0,
  }
}

export interface Countdown {
  /** Whole seconds left, rounded up: 1 until the very end, 0 when it is over. */
  seconds: number
  /** 1 = just offered, 0 = over. */
  share: number
  over: boolean
}
