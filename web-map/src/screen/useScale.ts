import { onScopeDispose, ref, type Ref } from 'vue'

/** The scale of the wall, the same as the font size in base.css: 1 at 1920x1080, 2 at 3840x2160. */
export function useScale(): Ref<number> {
  const measure = () => Math.max(0.3, Math.min(innerWidth / 1920, innerHeight / 1080))
  const scale = ref(measure())
  let settling: ReturnType<typeof setTimeout> | undefined
  const onResize = () => {
    clearTimeout(settling)
    settling = setTimeout(() => (scale.value = measure()), 300)
  }
  addEventListener('resize', onResize)
  document.documentElement.classList.add('wall')
  onScopeDispose(() => {
    clearTimeout(settling)
    removeEventListener('resize', onResize)
    document.documentElement.classList.remove('wall')
  })
  return scale
}
