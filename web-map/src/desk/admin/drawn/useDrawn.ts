import { onMounted, ref, shallowRef, type Ref } from 'vue'
import { call, del, post } from '../../../api'
import { addMessages } from '../../../i18n'
import en from '../../../i18n/drawn.en'
import zh from '../../../i18n/drawn.zh'
import { Intent } from '../../intent'
import { newestOnly } from '../../newest'
import { useSending } from '../../useSending'

interface Kind<T, D> {
  /** Of the list, below the API; one of it has its id behind. */
  path: string
  read: () => Promise<T[]>
  /** The id of what is drawn, null while the server does not know it, and all that is sent of it. */
  idOf: (draft: D) => number | null
  bodyOf: (draft: D) => unknown
}

/** Things that are drawn on a map and kept by the server: listed, drawn, changed and retired. */
export function useDrawn<T extends { id: number }, D>(kind: Kind<T, D>) {
  addMessages('drawn', zh, en)
  const list = shallowRef<T[] | null>(null)
  const draft: Ref<D | null> = shallowRef(null)
  const chosen = ref<number | null>(null)
  const { busy, failure, send } = useSending()
  const intent = new Intent()

  const newest = newestOnly()
  const load = () => send(() => newest(kind.read, (read) => (list.value = read)))

  /** Sends one change and reads the list again. */
  async function change(run: () => Promise<unknown>): Promise<boolean> {
    const done = await send(async () => {
      await run()
      intent.done()
    })
    if (done) await load()
    return done
  }

  async function save(): Promise<void> {
    const d = draft.value!
    const id = kind.idOf(d)
    const body = kind.bodyOf(d)
    const path = id === null ? kind.path : `${kind.path}/${id}`
    const key = intent.keyFor(path, body)
    const done = await change(() =>
      id === null ? post(path, body, { key }) : call('PATCH', path, body, { key }),
    )
    if (done) draft.value = null
  }

  function retire(id: number): void {
    const path = `${kind.path}/${id}`
    void change(() => del(path, { key: intent.keyFor(path, null) }))
  }

  function begin(next: D): void {
    failure.value = ''
    chosen.value = kind.idOf(next)
    draft.value = next
  }

  onMounted(load)
  return { list, draft, chosen, failure, busy, load, save, retire, begin }
}
