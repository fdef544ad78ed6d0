// Keeps files that are not sent yet in the browser's database (IndexedDB), where they outlive a reload. All tabs share it,
// and each knows its own files by their keys. It holds so many bytes, and forgets what no tab took out for a day.
//
// A browser may have no database, for example in a private window, or no room: then a file is not kept, and `has` says so.

import { PLACE } from './base.js'

const MOST_BYTES = 50_000_000
const KEPT_MS = 24 * 3_600_000

type Kept = { readonly key: string; readonly file: File; readonly at: number }

export class KeptFiles {
  readonly #keys = new Set<string>()
  #opening: Promise<IDBDatabase> | undefined

  /** Would this file be there after a reload? */
  has(key: string): boolean {
    return this.#keys.has(key)
  }

  /** Keeps a file, if the browser can. */
  async keep(key: string, file: File): Promise<void> {
    const isKept = await this.#with('readwrite', async (files) => {
      const now = Date.now()
      const all = await answered<Kept[]>(files.getAll())
      const old = all.filter(({ at }) => now - at > KEPT_MS)
      for (const one of old) files.delete(one.key)
      const bytes = all.reduce((sum, one) => sum + (old.includes(one) ? 0 : one.file.size), file.size)
      if (bytes > MOST_BYTES) return false
      await answered(files.put({ key, file, at: now } satisfies Kept))
      return true
    })
    if (isKept === true) this.#keys.add(key)
  }

  /** The file that was kept, if it is there. */
  async read(key: string): Promise<File | undefined> {
    const kept = await this.#with('readonly', (files) => answered<Kept | undefined>(files.get(key)))
    if (kept !== undefined) this.#keys.add(key)
    return kept?.file
  }

  /** The file is sent, or the person does not want it. */
  async drop(key: string): Promise<void> {
    this.#keys.delete(key)
    await this.#with('readwrite', (files) => answered(files.delete(key)))
  }

  /** Undefined where the browser keeps nothing. */
  async #with<Value>(
    mode: IDBTransactionMode,
    act: (files: IDBObjectStore) => Promise<Value>,
  ): Promise<Value | undefined> {
    try {
      const database = await (this.#opening ??= open())
      return await act(database.transaction('files', mode).objectStore('files'))
    } catch {
      // The page asks before it is left with a file that is not kept.
      return undefined
    }
  }
}

async function open(): Promise<IDBDatabase> {
  const opening = indexedDB.open(`${PLACE} files`, 1)
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore('files', { keyPath: 'key' }))
  return answered(opening)
}

function answered<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('the database failed')))
  })
}
