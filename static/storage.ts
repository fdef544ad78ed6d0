// Small values that outlive the page: in the browser's storage if it allows that, otherwise as long as the page is
// open. An older page, or anyone, may have written what is read, so it is parsed like anything else.

import { PLACE } from './base.js'

export type Stored<Value> = {
  read(): Value
  write(value: Value): void
  /** Calls back when another tab wrote it. */
  onChange(call: () => void): void
}

/** `local` is for all tabs and for ever; `session` is for this tab, and survives a reload. */
export function stored<Value>(
  where: 'local' | 'session',
  name: string,
  parse: (value: unknown) => Value,
): Stored<Value> {
  const key = `${PLACE} ${name}`
  const storage = storageOf(where)
  let memory: string | null = null
  return {
    read() {
      try {
        return parse(JSON.parse((storage === undefined ? memory : storage.getItem(key)) ?? 'null'))
      } catch {
        // Not JSON: treated as missing.
        return parse(null)
      }
    },
    write(value) {
      memory = JSON.stringify(value)
      try {
        storage?.setItem(key, memory)
      } catch {
        // Storage is full: the value is kept as long as the page is open.
      }
    },
    onChange(call) {
      addEventListener('storage', (event) => {
        if (event.key === key) call()
      })
    },
  }
}

export function storageOf(where: 'local' | 'session'): Storage | undefined {
  try {
    return where === 'local' ? localStorage : sessionStorage
  } catch {
    // Storage is forbidden in this browser: the page works without it.
    return undefined
  }
}

export function asString(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

export function asStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** The fields of an object, and none of anything else. */
export function asFields(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
