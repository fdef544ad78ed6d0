// Calls a person who was mentioned, in the way that the person chose: by a sound, or by a notification of the system.
// Loaded with the first mention.

import type { Message } from '../src/client/wire.js'
import { later } from './later-words.js'
import { say } from './words.js'

export function call(
  { room, username, text }: Message,
  { sound, notify }: { readonly sound: boolean; readonly notify: boolean },
): void {
  if (sound) ring()
  if (!notify || !('Notification' in window) || Notification.permission !== 'granted') return
  const notification = new Notification(say(later.nameInRoom, { name: username, room }), {
    body: text.slice(0, 200),
    tag: `${room} ${username}`,
  })
  notification.addEventListener('click', () => {
    window.focus()
    location.hash = room
  })
}

/** Two soft tones, without a file. */
function ring(): void {
  const audio = new AudioContext()
  const volume = new GainNode(audio, { gain: 0 })
  volume.connect(audio.destination)
  volume.gain.setTargetAtTime(0.12, audio.currentTime, 0.01)
  volume.gain.setTargetAtTime(0, audio.currentTime + 0.18, 0.06)
  const tone = new OscillatorNode(audio, { frequency: 660 })
  tone.frequency.setValueAtTime(880, audio.currentTime + 0.11)
  tone.connect(volume)
  tone.start()
  tone.stop(audio.currentTime + 0.6)
  tone.addEventListener('ended', () => void audio.close())
}
