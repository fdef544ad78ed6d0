// The style that is not needed at first: dialogs, a moderator's menu, paper. It is one file, loaded once, when the
// page is idle or a part of it is wanted (see build/page.mjs).

import { element } from './element.js'

let loading: Promise<void> | undefined

/** Resolves when the style is there, or cannot be loaded: the page works without it. */
export function laterStyle(): Promise<void> {
  return (loading ??= new Promise((resolve) => {
    const link = element('link', { rel: 'stylesheet', href: 'static/later.css' })
    link.addEventListener('load', () => resolve())
    link.addEventListener('error', () => {
      loading = undefined
      link.remove()
      resolve()
    })
    document.head.append(link)
  }))
}
