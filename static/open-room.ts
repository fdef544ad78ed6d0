// The form on the side that opens another room.

import { byId } from './element.js'
import { type Rooms, whyNoRoom } from './rooms.js'

export function wireOpenRoom(rooms: Rooms): void {
  const form = byId('open', HTMLFormElement)
  const box = byId('open-room', HTMLInputElement)
  const tell = (sentence: string): void => {
    byId('open-error', HTMLElement).textContent = sentence
    box.setAttribute('aria-invalid', String(sentence !== ''))
  }
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const name = box.value.trim().replace(/^#/, '')
    const sentence = await whyNoRoom(name, rooms.open)
    tell(sentence)
    if (sentence !== '') return box.focus()
    box.value = ''
    rooms.go(name)
  })
  box.addEventListener('input', () => tell(''))
}
