import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { ApiError, call, del, get, post } from '../api'
import { syncClock } from '../clock'
import type { Me, Role } from '../wire'

const REMEMBERED = 'jiujin.me'
/** A page cannot be shown before the answer, so it must not wait long for it. */
const ASK_MS = 5_000

/** The page a person of this role works on. */
export function homeOf(role: Role): string {
  if (role === 'wall') return '/screen'
  return role === 'officer' ? '/officer' : '/desk'
}

/** Who is signed in. The session itself is a cookie the page cannot read. */
export const useSession = defineStore('session', () => {
  const me = shallowRef<Me | null>(null)
  /** True when the server could not be asked and `me` is what it said last time. */
  const remembered = shallowRef(false)
  /** What went wrong when nobody could be asked and nobody is remembered; null otherwise. */
  const unreachable = shallowRef<unknown>(null)
  const home = computed(() => (me.value ? homeOf(me.value.role) : '/login'))
  let asked = false

  function set(person: Me | null): void {
    me.value = person
    remembered.value = false
    unreachable.value = null
    asked = true
    if (!person) return localStorage.removeItem(REMEMBERED)
    syncClock(person.server_time)
    localStorage.setItem(REMEMBERED, JSON.stringify(person))
  }

  /**
   * Asks the server once who is signed in; never rejects and takes 5 s at most. Without an answer the last known
   * person stands in (offline work); when there is none, `unreachable` tells why.
   */
  async function load(force = false): Promise<void> {
    if (asked && !remembered.value && !force) return
    try {
      set(await get<Me>('/session', { timeoutMs: ASK_MS }))
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return set(null)
      const saved = localStorage.getItem(REMEMBERED)
      me.value = saved ? (JSON.parse(saved) as Me) : null
      remembered.value = me.value !== null
      unreachable.value = remembered.value ? null : error
    }
  }

  /** Signs in; rejects with ApiError (not_signed_in, throttled). */
  async function signIn(login: string, password: string): Promise<void> {
    set(await post<Me>('/session', { login, password }))
  }

  async function changePassword(oldPassword: string, newPassword: string): Promise<void> {
    set(await call<Me>('POST', '/session/password', { old_password: oldPassword, new_password: newPassword }))
  }

  async function signOut(): Promise<void> {
    await del('/session')
    set(null)
  }

  /** Forgets the person without asking the server, after it has said that the session is gone. */
  function forget(): void {
    set(null)
  }

  return { me, remembered, unreachable, home, load, signIn, signOut, changePassword, forget }
})
