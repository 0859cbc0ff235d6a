import { createRouter, createWebHistory } from 'vue-router'
import { useSession } from './stores/session'
import type { Role } from './wire'

declare module 'vue-router' {
  interface RouteMeta {
    /** Who may open the page; absent means everybody. */
    roles?: Role[]
    theme?: 'dark' | 'light'
    /** The least width of the window, in CSS pixels, that the page can be used at; absent means any. */
    minWidth?: number
  }
}

const BOARD: Role[] = ['wall', 'dispatcher', 'agent', 'leader', 'supervisor', 'administrator']
const DESK: Role[] = ['dispatcher', 'agent', 'leader', 'supervisor', 'administrator']

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', component: () => import('./login/ChooserView.vue'), meta: { theme: 'light' } },
    { path: '/login', component: () => import('./login/LoginView.vue'), meta: { theme: 'light' } },
    {
      path: '/screen',
      component: () => import('./screen/ScreenView.vue'),
      meta: { roles: BOARD, theme: 'dark', minWidth: 1000 },
    },
    {
      path: '/desk/:rest(.*)*',
      component: () => import('./desk/DeskView.vue'),
      meta: { roles: DESK, theme: 'dark', minWidth: 900 },
    },
    {
      path: '/officer/:rest(.*)*',
      component: () => import('./officer/OfficerView.vue'),
      meta: { roles: ['officer', 'leader'], theme: 'light' },
    },
    { path: '/public', component: () => import('./public/HallView.vue'), meta: { theme: 'light' } },
    { path: '/p', component: () => import('./public/ProgressView.vue'), meta: { theme: 'light' } },
    { path: '/:lost(.*)*', redirect: '/' },
  ],
})

router.beforeEach(async (to) => {
  const roles = to.meta.roles
  if (!roles) return true
  const session = useSession()
  await session.load()
  if (!session.me) return { path: '/login', query: { next: to.fullPath } }
  if (session.me.must_change) return { path: '/login', query: { next: to.fullPath } }
  return roles.includes(session.me.role) ? true : { path: '/', query: { denied: to.path } }
})

router.afterEach((to) => {
  document.documentElement.dataset.theme = to.meta.theme ?? 'light'
})
