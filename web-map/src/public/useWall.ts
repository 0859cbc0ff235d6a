import { onMounted, onScopeDispose } from 'vue'

/** On a wide screen the page is drawn in one piece, scaled to fit; on a narrow one it scrolls like any page. */
export function useWall(): void {
  const wide = matchMedia('(min-width: 960px)')
  const fit = () => document.documentElement.classList.toggle('wall', wide.matches)
  onMounted(() => {
    fit()
    wide.addEventListener('change', fit)
  })
  onScopeDispose(() => {
    wide.removeEventListener('change', fit)
    document.documentElement.classList.remove('wall')
  })
}
