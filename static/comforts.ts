// What people expect once they chat, and no first message waits for: search, who has read one's message, slow mode, and
// names behind an @. Loaded when the page is idle; the search itself when it is asked for.

import type { Composer } from './composer.js'
import { Completion } from './completion.js'
import type { Conversation } from './conversation.js'
import { byId, element } from './element.js'
import type { Feed } from './feed.js'
import { icon } from './icon.js'
import { later } from './later-words.js'
import { markMentions } from './mention-marks.js'
import type { People } from './people.js'
import type { Rooms } from './rooms.js'
import { SeenBy } from './seen-by.js'
import type { Session } from './session.js'
import { showSlowMode } from './slow-mode.js'
import { whyRefused } from './welcome.js'

export type ComfortParts = {
  readonly composer: Composer
  readonly conversation: Conversation
  readonly feed: Feed
  readonly people: People
  readonly rooms: Rooms
  readonly session: Session
}

const MAGNIFIER = 'M13.9 8.5a5.4 5.4 0 1 1-10.8 0 5.4 5.4 0 0 1 10.8 0ZM12.4 12.4 17.5 17.5'

export class Comforts {
  readonly #parts: ComfortParts

  constructor(parts: ComfortParts) {
    this.#parts = parts
    const button = element(
      'button',
      { class: 'quiet share', title: 'Ctrl+Shift+F', 'aria-keyshortcuts': 'Control+Shift+F' },
      icon(MAGNIFIER),
      ' ',
      element('span', {}, later.search),
    )
    button.addEventListener('click', () => void this.search(''))
    byId('share', HTMLButtonElement).before(button)
    addEventListener('keydown', (event) => {
      if (!event.ctrlKey || !event.shiftKey || event.altKey || event.metaKey || event.code !== 'KeyF') return
      event.preventDefault()
      if (document.querySelector('dialog[open]') === null) void this.search('')
    })
    new SeenBy(parts)
    new Completion(parts)
    markMentions(parts)
    showSlowMode(parts)
    parts.people.show(parts.rooms.current)
  }

  /** Opens the search, with these words in it. */
  async search(words: string): Promise<void> {
    const { composer, conversation, rooms, session } = this.#parts
    try {
      const { openSearch } = await import('./search.js')
      const goTo = async (id: number): Promise<void> => {
        if (!(await conversation.goTo(id))) composer.say(later.notLoaded)
      }
      await openSearch({ room: rooms.current, token: session.token, goTo: (id) => void goTo(id) }, words)
    } catch (error) {
      composer.say(whyRefused(error))
    }
  }
}
