// Asks for the moderators' key, if the server wants it, before anything is drawn.

import { byId, on } from '../element.js'

/** Calls `begin`, at once or when the key is right. */
export function openWithKey(begin: () => void): void {
  const form = byId('key', HTMLFormElement)
  if (!('key' in document.documentElement.dataset)) return begin()
  const field = byId('key-field', HTMLInputElement)
  const error = byId('key-error', HTMLParagraphElement)
  const show = async (): Promise<void> => {
    const body = JSON.stringify({ key: field.value })
    const headers = { 'Content-Type': 'application/json' }
    const response = await fetch('inside/open', { method: 'POST', headers, body })
    const problem: unknown = response.ok ? undefined : await response.json()
    if (response.ok) {
      form.hidden = true
      return begin()
    }
    const isSaid = typeof problem === 'object' && problem !== null && 'detail' in problem
    error.textContent = isSaid ? String(problem.detail) : 'The server does not answer.'
  }
  // A cookie may be there already: a HEAD asks, and opens no stream.
  fetch('inside/events', { method: 'HEAD' })
    .then(({ ok }) => {
      form.hidden = ok
      if (ok) begin()
      else field.focus()
    })
    .catch(() => (form.hidden = false))
  on(form, 'submit', (event) => {
    event.preventDefault()
    show().catch(() => (error.textContent = 'The server does not answer.'))
  })
}
