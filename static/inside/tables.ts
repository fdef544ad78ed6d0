// The drawing as tables and a sentence: for a keyboard, a screen reader, and people who like numbers.

import type { Fact, Scene } from '../../src/client/inside.js'
import { byId, element } from '../element.js'
import { orderOf } from './drawing.js'
import type { Recording } from './recording.js'

const MOST_ROWS = 300

export class Tables {
  readonly #recording: Recording
  readonly #box = byId('tables', HTMLDetailsElement)
  readonly #flight = bodyOf('flight')
  readonly #readers = bodyOf('readers')
  readonly #rooms = byId('rooms', HTMLUListElement)
  readonly #counts = byId('counts', HTMLDListElement)
  readonly #server = byId('server', HTMLParagraphElement)
  readonly #said = byId('said', HTMLParagraphElement)
  readonly #choose: (room: string) => void

  constructor(recording: Recording, choose: (room: string) => void) {
    this.#recording = recording
    this.#choose = choose
    this.#box.addEventListener('toggle', () => this.#fill(''))
  }

  /** Says something, also to people who do not see the page. */
  say(sentence: string): void {
    if (this.#said.textContent !== sentence) this.#said.textContent = sentence
  }

  show(scene: Scene, room: string): void {
    const { version, store, uptime, memory, cpu, answers, bytes, sessions, rooms } = scene
    this.#server.textContent = `mini-chat ${version}, ${store}, up ${Math.round(uptime)} s, ${mb(memory)} MB`
    const parked = rooms.reduce((sum, one) => sum + one.parked, 0)
    const counts: [string, string][] = [
      ['readers that wait', n(parked)],
      ['answers and frames', n(answers)],
      ['their bytes', n(bytes)],
      ['sessions', n(sessions)],
      ['one processor’s time', `${(cpu * 100).toFixed(0)} %`],
      ['facts left out here', n(this.#recording.left)],
    ]
    this.#counts.replaceChildren(
      ...counts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
    )
    this.#listRooms(scene, room)
    this.#fill(room)
  }

  #listRooms({ rooms, others }: Scene, room: string): void {
    const focused = document.activeElement?.getAttribute('data-room')
    const items = rooms.map((one) => {
      const current = one.room === room ? { 'aria-current': 'true' } : {}
      const attributes = { type: 'button', 'data-room': one.room, ...current }
      const number = element('span', { class: 'number' }, `${n(one.parked)} wait, ${n(one.last)} messages`)
      const button = element('button', attributes, element('bdi', {}, one.room), number)
      button.addEventListener('click', () => this.#choose(one.room))
      return element('li', {}, button)
    })
    if (others > 0) items.push(element('li', {}, `and ${n(others)} more`))
    this.#rooms.replaceChildren(...items)
    if (focused == null) return
    for (const button of this.#rooms.querySelectorAll('button')) if (button.dataset['room'] === focused) button.focus()
  }

  #fill(room: string): void {
    if (!this.#box.open) return
    const { scene, readers } = this.#recording
    const names = new Map([...readers.values()].map(({ reader, name }) => [reader, name]))
    const flight = room === '' ? undefined : this.#recording.flightAt(room, Infinity)
    if (flight?.ringAt !== undefined) {
      const { ringAt } = flight
      const who = (reader: number | undefined): string =>
        reader === undefined ? flight.name : (names.get(reader) ?? `reader ${reader}`)
      const steps = orderOf(flight).slice(0, MOST_ROWS)
      this.#flight.replaceChildren(
        ...steps.map(({ at, what, reader }) => row(who(reader), what, (at - ringAt).toFixed(3))),
      )
    }
    const list = (scene?.readers ?? []).slice(0, MOST_ROWS)
    const crowds = scene?.crowds ?? []
    this.#readers.replaceChildren(
      ...list.map(({ reader, name, way, room: where, id, parked, answers, bytes }) =>
        row(name ?? `reader ${reader}`, way, where, n(id), parked ? 'waits' : 'comes back', n(answers), n(bytes)),
      ),
      ...crowds.map(({ room: where, parked, away }) =>
        row(`${n(parked + away)} readers`, '', where, '', `${n(parked)} wait, ${n(away)} come back`, '', ''),
      ),
    )
  }
}

/** A fact as a sentence. */
export function sentenceOf(fact: Fact, recording: Recording): string {
  const who = (reader: number): string => {
    const track = [...recording.readers.values()].find((one) => one.reader === reader)
    return track?.name ?? `reader ${reader}`
  }
  switch (fact.kind) {
    case 'sent':
      return `${fact.name} sends a message: it sets out for the store.`
    case 'repeated':
      return `${fact.name} sends a key that the server knows: nothing is added.`
    case 'kept':
      return `The store has message ${fact.id}: its sender is answered.`
    case 'ring':
      return `Message ${fact.id} of ${fact.name} is in the ring.`
    case 'waking':
      return WAKING[fact.phase](fact.readers)
    case 'told':
      return `${who(fact.reader)} is answered with ${fact.messages === 1 ? 'one message' : `${fact.messages} messages`}, ${fact.bytes} bytes${fact.gap === undefined ? '' : `, and told of a gap (${fact.gap.reason})`}.`
    case 'parked':
      return `${who(fact.reader)} waits after message ${fact.id}.`
    case 'gone':
      return `${who(fact.reader)} is gone.`
    case 'flow':
      return `${fact.told} readers are answered and ${fact.parked} are back, in 10 ms.`
  }
}

const WAKING = {
  asked: (readers: number) => `A waking of ${readers} is due as soon as the input has had its turn.`,
  held: (readers: number) => `The room is busy: the waking of ${readers} waits a moment, for what else comes.`,
  begun: (readers: number) => `The waking begins: ${readers} are called, one after the other.`,
  done: () => 'The waking is done.',
}

function bodyOf(id: string): HTMLTableSectionElement {
  const [body] = byId(id, HTMLTableElement).tBodies
  if (body === undefined) throw new Error(`the table ${id} has no body`)
  return body
}

function row(...cells: string[]): HTMLTableRowElement {
  return element('tr', {}, ...cells.map((cell) => element('td', {}, cell)))
}

function n(value: number): string {
  return value.toLocaleString('en')
}

function mb(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}
