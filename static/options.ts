// The options below a box: the focus stays in the box, the arrows go up and down, and a click chooses. (The list of a
// combobox, https://www.w3.org/WAI/ARIA/apg/patterns/combobox/)

export class Options {
  readonly #box: HTMLElement
  readonly #list: HTMLElement
  #at = 0

  constructor(box: HTMLElement, list: HTMLElement, choose: (at: number) => void) {
    this.#box = box
    this.#list = list
    list.role = 'listbox'
    list.addEventListener('click', ({ target }) => {
      const option = target instanceof Element ? target.closest('li') : null
      if (option !== null) choose([...list.children].indexOf(option))
    })
  }

  /** Which option Enter would choose. */
  get at(): number {
    return this.#at
  }

  show(options: readonly HTMLElement[]): void {
    this.#list.replaceChildren()
    this.#at = 0
    this.add(options)
  }

  /** Puts more of them behind those that are there. */
  add(options: readonly HTMLElement[]): void {
    this.#list.append(...options)
    for (const [i, option] of [...this.#list.children].entries()) {
      option.id = `${this.#list.id}-${i}`
      option.role = 'option'
    }
    this.#point(this.#at)
  }

  /** Goes up or down. False if the key is no arrow, or there is nothing to go to. */
  move(key: string): boolean {
    const step = key === 'ArrowDown' ? 1 : key === 'ArrowUp' ? -1 : 0
    const many = this.#list.childElementCount
    if (step === 0 || many === 0) return false
    this.#point((this.#at + step + many) % many)
    return true
  }

  #point(at: number): void {
    this.#at = at
    for (const [i, option] of [...this.#list.children].entries()) option.ariaSelected = String(i === at)
    const pointed = this.#list.children[at]
    pointed?.scrollIntoView({ block: 'nearest' })
    if (pointed === undefined) this.#box.removeAttribute('aria-activedescendant')
    else this.#box.setAttribute('aria-activedescendant', pointed.id)
  }
}
