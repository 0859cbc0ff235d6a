import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { Config, OfficerView } from '../wire'
import type { Notice } from './conflict'
import type { Entry, Shelf } from './outbox'
import type { NearShop } from './shops'

/** A position as POST /fixes takes it; `person` is who carried the phone and is not sent. */
export interface KeptFix {
  person: number
  fixed_at: string
  lon: number
  lat: number
  accuracy_m: number
  speed_kmh?: number
  heading_deg?: number
}

/** The officer's state as last known. */
export interface KeptState {
  view: OfficerView
  /** Unix milliseconds (server) of the state. */
  at: number
}

interface Schema extends DBSchema {
  outbox: { key: number; value: Omit<Entry, 'seq'> }
  fixes: { key: number; value: KeptFix }
  /** Single values by name: "config", "state:12", "notices:12", "near:12", "draft:12:100" (12 is the person, 100 the ticket). */
  kept: { key: string; value: unknown }
}

export type Db = IDBPDatabase<Schema>

/** Opens the phone's own store. Rejects where the browser has none (some private windows). */
export function openDb(): Promise<Db> {
  return openDB<Schema>('jiujin-officer', 1, {
    upgrade(db) {
      db.createObjectStore('outbox', { autoIncrement: true })
      db.createObjectStore('fixes', { autoIncrement: true })
      db.createObjectStore('kept')
    },
  })
}

export function shelfOf(db: Db): Shelf {
  return {
    add: (entry) => db.add('outbox', plain(entry)),
    remove: (seq) => db.delete('outbox', seq),
    replace: async ({ seq, ...entry }) => void (await db.put('outbox', plain(entry), seq)),
    async all() {
      const tx = db.transaction('outbox')
      const [keys, values] = await Promise.all([tx.store.getAllKeys(), tx.store.getAll()])
      return values.map((value, i) => ({ ...value, seq: keys[i]! }))
    },
  }
}

/** The single values the app keeps for one person. */
export class Kept {
  constructor(
    private readonly db: Db,
    private readonly person: number,
  ) {}

  config = () => this.db.get('kept', 'config') as Promise<Config | undefined>
  keepConfig = (config: Config) => this.db.put('kept', plain(config), 'config')
  state = () => this.db.get('kept', `state:${this.person}`) as Promise<KeptState | undefined>
  keepState = (state: KeptState) => this.db.put('kept', plain(state), `state:${this.person}`)
  notices = async () => ((await this.db.get('kept', `notices:${this.person}`)) ?? []) as Notice[]
  keepNotices = (notices: Notice[]) => this.db.put('kept', plain(notices), `notices:${this.person}`)
  near = async () => ((await this.db.get('kept', `near:${this.person}`)) ?? []) as NearShop[]
  keepNear = (shops: NearShop[]) => this.db.put('kept', plain(shops), `near:${this.person}`)
  draft = async (ticket: number) => ((await this.db.get('kept', this.draftKey(ticket))) ?? '') as string
  keepDraft = (ticket: number, text: string) => this.db.put('kept', text, this.draftKey(ticket))
  dropDraft = (ticket: number) => this.db.delete('kept', this.draftKey(ticket))

  /** Forgets what the person saw; things not sent yet stay for the next sign-in. */
  async forget(): Promise<void> {
    await this.db.delete('kept', `state:${this.person}`)
    await this.db.delete('kept', `notices:${this.person}`)
    await this.db.delete('kept', `near:${this.person}`)
  }

  private draftKey(ticket: number): string {
    return `draft:${this.person}:${ticket}`
  }
}

/** A copy without Vue's proxies, which IndexedDB cannot store. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T
