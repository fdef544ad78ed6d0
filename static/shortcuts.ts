// Everything by keyboard: Ctrl+K (or ⌘K) changes the room; Esc closes what is open and goes back to the box. Loaded while
// the first messages are, with the form that opens a room.
//
// The switcher is loaded when the page is idle, so that it opens with the key and takes the letters that follow. If a
// person is faster than that, the letters typed meanwhile are put into it.

import { whenIdle } from './idle.js'
import { wireOpenRoom } from './open-room.js'
import type { Rooms } from './rooms.js'

export type ShortcutParts = {
  readonly rooms: Rooms
  /** Closes a drawer; answers whether one was open. */
  readonly closeDrawer: () => boolean
  readonly toBox: () => void
}

export function wireShortcuts({ rooms, closeDrawer, toBox }: ShortcutParts): void {
  wireOpenRoom(rooms)
  let switcher: typeof import('./switcher.js') | undefined
  /** The letters typed since Ctrl+K, while the switcher loads. */
  let typed: string | undefined

  const load = async (): Promise<void> => {
    try {
      const loaded = await import('./switcher.js')
      await loaded.styled
      switcher = loaded
    } finally {
      const early = typed
      typed = undefined
      if (early !== undefined) open(early)
    }
  }
  const open = (early: string): void => {
    switcher?.openSwitcher([...new Set([...rooms.open, ...rooms.recent])], early, (room) => {
      if (room !== undefined) rooms.go(room)
      toBox()
    })
  }
  whenIdle(load)

  addEventListener(
    'keydown',
    (event) => {
      if (typed === undefined || event.isComposing) return
      if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) typed += event.key
      else if (event.key === 'Backspace') typed = typed.slice(0, -1)
      else if (event.key === 'Escape') typed = undefined
      event.preventDefault()
      event.stopPropagation()
    },
    { capture: true },
  )
  addEventListener('keydown', (event) => {
    // A dialog has its own Esc.
    if (document.querySelector('dialog[open]') !== null || event.isComposing) return
    if (event.key === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault()
      if (switcher !== undefined) return open('')
      typed = ''
      load().catch(() => undefined)
    } else if (event.key === 'Escape') {
      closeDrawer()
      toBox()
    }
  })
}
