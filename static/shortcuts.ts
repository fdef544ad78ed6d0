// All by keyboard: Ctrl+K (or ⌘K) changes the room, Esc closes what is open and goes back to the box.

export type ShortcutParts = {
  readonly switchRoom: () => void
  /** Closes a drawer; tells whether one was open. */
  readonly closeDrawer: () => boolean
  readonly toBox: () => void
}

export function wireShortcuts({ switchRoom, closeDrawer, toBox }: ShortcutParts): void {
  addEventListener('keydown', (event) => {
    // A dialog has its own Esc.
    if (document.querySelector('dialog[open]') !== null || event.isComposing) return
    if (event.key === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault()
      switchRoom()
    } else if (event.key === 'Escape') {
      closeDrawer()
      toBox()
    }
  })
}
