import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { get, post } from '../../api'
import { sentenceOf } from '../../errors'
import type { Retailer } from '../../wire'
import type { Resolved, ResolvedShop } from '../../wire/place'

const SEARCH_MS = 120
const RESOLVE_MS = 450
const LIMIT = 8
/** Shorter words are a search for a name, not somebody's description of a place. */
const LEAST_WORDS = 4

type Point = [lon: number, lat: number]

/** A shop of the list: found by search, by what the words mean, or by both. */
export interface ShopRow {
  id: number
  licence_no: string
  name: string
  address: string
  hit: Retailer | null
  candidate: ResolvedShop | null
}

/** True when the words say where something is, so that it is worth asking which shop they mean. */
export function saysWhere(words: string): boolean {
  return /\p{Script=Han}/u.test(words) && [...words.trim()].length >= LEAST_WORDS
}

/** The shops the words can mean, the likeliest first, then what a plain search finds besides. */
export function rowsOf(candidates: ResolvedShop[], hits: Retailer[]): ShopRow[] {
  const byId = new Map(hits.map((hit) => [hit.id, hit]))
  const meant = new Set(candidates.map((c) => c.id))
  const rowOf = (hit: Retailer | null, candidate: ResolvedShop | null): ShopRow => {
    const { id, licence_no, name, address } = (hit ?? candidate)!
    return { id, licence_no, name, address, hit, candidate }
  }
  return [
    ...candidates.map((c) => rowOf(byId.get(c.id) ?? null, c)),
    ...hits.filter((hit) => !meant.has(hit.id)).map((hit) => rowOf(hit, null)),
  ].slice(0, LIMIT)
}

/** The words with the caller's answer to the question, where an address has it: divisions first. */
export function withAnswer(words: string, about: string, answer: string): string {
  return about === 'district' || about === 'town' ? answer + words : `${words} ${answer}`
}

/** Searches the register for the words, and after a pause asks which shops a caller can mean by them. */
export function useShops(words: Ref<string>, near: () => Point | null, view: () => Point | null) {
  const hits = shallowRef<Retailer[]>([])
  const resolved = shallowRef<Resolved | null>(null)
  const searching = ref<'idle' | 'searching' | 'done' | 'failed'>('idle')
  const resolving = ref<'idle' | 'asking' | 'done' | 'failed'>('idle')
  const failure = ref('')
  const indexed = ref(1)
  const rows = computed(() => rowsOf(resolved.value?.candidates ?? [], hits.value))
  let timers: ReturnType<typeof setTimeout>[] = []
  let asking = new AbortController()

  function stop(): void {
    timers.forEach(clearTimeout)
    asking.abort()
  }

  function start(): void {
    stop()
    asking = new AbortController()
    const { signal } = asking
    const text = words.value.trim()
    searching.value = text ? 'searching' : 'idle'
    resolving.value = saysWhere(text) ? 'asking' : 'idle'
    if (!text) hits.value = []
    if (resolving.value === 'idle') resolved.value = null
    timers = []
    if (text) timers.push(setTimeout(() => void search(text, signal), SEARCH_MS))
    if (saysWhere(text)) timers.push(setTimeout(() => void resolve(text, signal), RESOLVE_MS))
  }

  async function search(text: string, signal: AbortSignal): Promise<void> {
    const asked = new URLSearchParams({ q: text, limit: String(LIMIT) })
    const at = near()
    if (at) {
      asked.set('lon', at[0].toFixed(6))
      asked.set('lat', at[1].toFixed(6))
    }
    try {
      const answer = await get<{ retailers: Retailer[] | null; indexed: number }>(`/retailers?${asked}`, {
        signal,
      })
      hits.value = answer.retailers ?? []
      indexed.value = answer.indexed
      searching.value = 'done'
    } catch (error) {
      if (signal.aborted) return
      hits.value = []
      failure.value = sentenceOf(error)
      searching.value = 'failed'
    }
  }

  async function resolve(text: string, signal: AbortSignal): Promise<void> {
    const [lon, lat] = near() ?? view() ?? []
    try {
      resolved.value = await post<Resolved>('/resolve', { text, lon, lat }, { signal })
      resolving.value = 'done'
    } catch (error) {
      if (signal.aborted) return
      resolved.value = null
      failure.value = sentenceOf(error)
      resolving.value = 'failed'
    }
  }

  watch(words, start)
  onScopeDispose(stop)
  return { rows, resolved, searching, resolving, failure, indexed, start, stop }
}
