import { onScopeDispose, ref, shallowRef } from 'vue'
import { get } from '../../api'
import { sentenceOf } from '../../errors'
import type { TrackAnswer } from '../shapes'
import { spanQuery, type Span } from './query'
import { readTrack, type Track } from './track'

/** What the page has of one chosen unit. */
export interface Loaded {
  unitId: number
  callSign: string
  /** Which of the line styles it is drawn with. */
  style: number
  track: Track | null
  failure: string
}

/** The tracks of the chosen units in a span; each unit is asked for and can fail by itself. */
export function useTracks(most: number) {
  const loaded = shallowRef<readonly Loaded[]>([])
  const loading = ref(0)
  let turn = new AbortController()

  function put(next: Loaded): void {
    loaded.value = loaded.value.map((l) => (l.unitId === next.unitId ? next : l))
  }

  async function read(entry: Loaded, span: Span, raw: boolean): Promise<void> {
    const { signal } = turn
    loading.value++
    try {
      const path = `/units/${entry.unitId}/track?${spanQuery(span, raw)}`
      const answer = await get<TrackAnswer>(path, { signal, timeoutMs: 60_000 })
      if (!signal.aborted) put({ ...entry, track: readTrack(answer), failure: '' })
    } catch (error) {
      if (!signal.aborted) put({ ...entry, track: null, failure: sentenceOf(error) })
    } finally {
      loading.value--
    }
  }

  function add(unitId: number, callSign: string, span: Span, raw: boolean): void {
    if (loaded.value.length >= most || loaded.value.some((l) => l.unitId === unitId)) return
    const taken = new Set(loaded.value.map((l) => l.style))
    const style = Array.from({ length: most }, (_, i) => i).find((i) => !taken.has(i)) ?? 0
    const entry: Loaded = { unitId, callSign, style, track: null, failure: '' }
    loaded.value = [...loaded.value, entry]
    void read(entry, span, raw)
  }

  function remove(unitId: number): void {
    loaded.value = loaded.value.filter((l) => l.unitId !== unitId)
  }

  /** Reads all of them again, for another span or way of reading. */
  function reload(span: Span, raw: boolean): void {
    turn.abort()
    turn = new AbortController()
    loaded.value = loaded.value.map((l) => ({ ...l, track: null, failure: '' }))
    for (const entry of loaded.value) void read(entry, span, raw)
  }

  onScopeDispose(() => turn.abort())
  return { loaded, loading, add, remove, reload }
}
