// The style of what nobody sees at first: dialogs, a moderator's menu, paper. One file, loaded once, when the page is
// idle or one of them is wanted (see build/page.mjs).

import { element } from './element.js'

let loading: Promise<void> | undefined

/** Resolves when the style is there; also when it cannot be had: what has no style still works. */
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
