/**
 * The shapes the server speaks (JSON, snake_case). Times are RFC 3339 UTC strings; points are `lon`, `lat` in
 * WGS-84 degrees; `_m` is metres, `_s` seconds. A field that is null or missing is unknown, never zero.
 */

export type * from './config'
export type * from './live'
export type * from './officer'
export type * from './problem'
export type * from './ticket'
export type * from './unit'
