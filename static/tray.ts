// The tray above the box: files that a person chose and has not sent yet, each with a button that leaves it out.

import { defaultPlatform as platform } from '../src/client/platform.js'
import { draftElement, type Picture, pictureOf } from './attachment.js'
import type { Composer } from './composer.js'
import { byId, element } from './element.js'
import { later } from './later-words.js'
import { plainPhoto } from './photo.js'
import { say, sayCount } from './words.js'

/** How many wait in the tray: the server keeps no more of a person. */
const MOST = 10

/** `key`: of the message that will carry the file. */
export type Chosen = { readonly key: string; readonly file: File; readonly picture: Picture | undefined }

export type TrayParts = {
  readonly composer: Composer
  readonly cameIn: (chosen: Chosen) => void
  /** The person does not want to send it. */
  readonly leftOut: (chosen: Chosen) => void
}

export class Tray {
  readonly #parts: TrayParts
  readonly #list = element('ul', { class: 'tray', role: 'list', 'aria-label': later.filesToSend, hidden: '' })
  #chosen: readonly Chosen[] = []

  constructor(parts: TrayParts) {
    this.#parts = parts
    byId('message', HTMLTextAreaElement).before(this.#list)
  }

  get chosen(): readonly Chosen[] {
    return this.#chosen
  }

  /** Puts files into the tray, and says which of them cannot be sent. */
  async take(files: readonly File[]): Promise<void> {
    const { composer, cameIn } = this.#parts
    const chosen = await Promise.all(files.map(async (file) => choose(platform.key(), await plainPhoto(file))))
    for (const one of chosen) {
      if (!(await isReadable(one.file))) composer.say(say(later.fileEmpty, { name: one.file.name }))
      else if (this.#chosen.length >= MOST) composer.say(sayCount(later.manyFiles, MOST))
      else {
        this.show([...this.#chosen, one])
        cameIn(one)
        continue
      }
      release(one)
    }
  }

  show(chosen: readonly Chosen[]): void {
    this.#chosen = chosen
    this.#list.hidden = chosen.length === 0
    this.#list.replaceChildren(...chosen.map((one) => this.#item(one)))
  }

  #item(chosen: Chosen): HTMLElement {
    const { file, picture } = chosen
    const title = say(later.leaveOut, { name: file.name })
    const remove = element('button', { type: 'button', class: 'quiet', 'aria-label': title, title }, '×')
    remove.addEventListener('click', () => {
      this.show(this.#chosen.filter((one) => one !== chosen))
      this.#parts.leftOut(chosen)
      this.#parts.composer.focus()
    })
    return element('li', {}, draftElement(file, picture), remove)
  }
}

export async function choose(key: string, file: File): Promise<Chosen> {
  return { key, file, picture: await pictureOf(file) }
}

/** Gives the address of its picture back. */
export function release({ picture }: Chosen): void {
  if (picture !== undefined) URL.revokeObjectURL(picture.address)
}

/** A folder, and a file that is gone or forbidden, cannot be read; an empty file is refused. */
async function isReadable(file: File): Promise<boolean> {
  try {
    return (await file.slice(0, 1).arrayBuffer()).byteLength > 0
  } catch {
    return false
  }
}
