// The style that is not needed at first: dialogs, a moderator's menu, paper. It is one file, loaded once, when the
// page is idle or a part of it is wanted (see build/page.mjs).

import { element } from './element.js'

let loading: Promise<void> | undefined

/** Resolves when the style is there, or cannot be loaded: the page works without it. */
export function laterStyle(): Promise<void> {
  return (loading ??= loadStyle('static/later.css').catch(() => (loading = undefined)))
}

export function loadStyle(href: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const link = element('link', { rel: 'stylesheet', href })
    link.addEventListener('load', () => resolve())
    link.addEventListener('error', () => {
      link.remove()
      reject(new Error(`${href} was not loaded`))
    })
    document.head.append(link)
  })
}
