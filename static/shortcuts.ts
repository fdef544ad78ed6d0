// All by keyboard: Ctrl+K (or ⌘K) changes the room, Esc closes what is open and goes back to the box.

import type { Rooms } from './rooms.js'

export type ShortcutParts = {
  readonly rooms: Rooms
  /** Closes a drawer; tells whether one was open. */
  readonly closeDrawer: () => boolean
  readonly toBox: () => void
}

export function wireShortcuts({ rooms, closeDrawer, toBox }: ShortcutParts): void {
  addEventListener('keydown', (event) => {
    // A dialog has its own Esc.
    if (document.querySelector('dialog[open]') !== null || event.isComposing) return
    if (event.key === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault()
      void import('./switcher.js').then(({ openSwitcher }) => {
        openSwitcher([...new Set([...rooms.open, ...rooms.recent])], (room) => {
          if (room !== undefined) rooms.go(room)
          toBox()
        })
      })
    } else if (event.key === 'Escape') {
      closeDrawer()
      toBox()
    }
  })
}
