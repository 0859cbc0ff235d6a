import { get } from '../api'
import { distanceM } from '../geo'
import type { Retailer } from '../wire'

/** A shop of the register as far as the phone keeps it, for choosing one without a network. */
export type NearShop = Pick<Retailer, 'licence_no' | 'name' | 'address' | 'status' | 'lon' | 'lat'>

export type Point = [lon: number, lat: number]

/** How many shops about a case are kept on the phone. */
const KEPT = 100
const FOUND = 20

/** The shops of the register nearest to a place, for keeping. */
export const shopsNear = (at: Point, signal?: AbortSignal) => ask({ limit: KEPT }, at, signal)

/** The shops that words can mean, near ones first. */
export const shopsFor = (words: string, at: Point | null, signal?: AbortSignal) =>
  ask({ q: words, limit: FOUND }, at, signal)

async function ask(query: Record<string, string | number>, at: Point | null, signal?: AbortSignal) {
  const asked = new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)]))
  if (at) {
    asked.set('lon', at[0].toFixed(6))
    asked.set('lat', at[1].toFixed(6))
  }
  const answer = await get<{ retailers: Retailer[] | null }>(`/retailers?${asked}`, { signal })
  return (answer.retailers ?? []).map(kept)
}

/** What is kept of a shop: nothing of its operator. */
function kept({ licence_no, name, address, status, lon, lat }: Retailer): NearShop {
  return { licence_no, name, address, status, lon, lat }
}

/** Metres to the shop's registered place; null when either is unknown. */
export function metresTo(shop: NearShop, at: Point | null): number | null {
  if (!at || shop.lon === null || shop.lat === null) return null
  return distanceM(at[0], at[1], shop.lon, shop.lat)
}

/** Those of the kept shops that every one of the words fits, the nearest first. */
export function among(shops: readonly NearShop[], words: string, at: Point | null): NearShop[] {
  const parts = words.trim().toLowerCase().split(/\s+/)
  const away = (s: NearShop) => metresTo(s, at) ?? Infinity
  return shops
    .filter((s) => {
      const text = `${s.name} ${s.address} ${s.licence_no}`.toLowerCase()
      return parts.every((part) => text.includes(part))
    })
    .sort((a, b) => away(a) - away(b))
    .slice(0, FOUND)
}
