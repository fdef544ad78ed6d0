// The reading place. A person who reads at the bottom stays at the bottom. A person who scrolled up stays where they
// read, whatever comes in below or above, and however wide the lines become (the browser does that last part, if it
// supports scroll anchoring). The page never scrolls by itself for a person who scrolled away.

const NEAR_PX = 40

/** How many frames it takes until lines that come into sight have their height. */
const FRAMES = 4

export type Place = { readonly line: Element; readonly below: number }

export class Scroll {
  readonly #box: HTMLElement
  readonly #listeners = new Set<() => void>()
  #stuck = true
  #top = 0

  constructor(box: HTMLElement) {
    this.#box = box
    box.addEventListener('scroll', () => this.#scrolled(), { passive: true })
    const resized = new ResizeObserver(() => this.settle())
    resized.observe(box)
    for (const part of box.children) resized.observe(part)
    // Typing may make the log larger and small again in one go, which moves its top like a reader would.
    addEventListener('input', () => this.settle())
  }

  /** Is the reader at the newest line? */
  get atBottom(): boolean {
    return this.#stuck
  }

  get nearTop(): boolean {
    return this.#box.scrollTop < this.#box.clientHeight
  }

  get nearBottom(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.#box
    return scrollHeight - scrollTop < 2 * clientHeight
  }

  /** What comes in below the bottom is not followed, until the reader goes there. */
  hold(): void {
    this.#stick(false)
  }

  /** Puts a line into the upper half. */
  showLine(line: Element): void {
    this.goTo({ line, below: this.#box.clientHeight / 3 })
  }

  /** Calls back when the reader scrolled. */
  onScroll(call: () => void): void {
    this.#listeners.add(call)
  }

  toBottom(): void {
    this.#stick(true)
    this.settle()
  }

  /** After a change: back to the bottom, for a person who is there. */
  settle(): void {
    if (!this.#stuck) return
    this.#box.scrollTop = this.#box.scrollHeight
    this.#top = this.#box.scrollTop
  }

  /** The place of a person who scrolled away: a line, and how far below the top it stands. */
  get place(): Place | undefined {
    const line = this.#stuck ? undefined : this.#firstInSight()
    return line === undefined ? undefined : { line, below: this.#below(line) }
  }

  /** Puts a line so far below the top; goes to the bottom if that is near. */
  goTo({ line, below }: Place): void {
    this.toBottom()
    if (this.#below(line) >= below) return
    this.#stick(false)
    // The height of lines that have not been in sight is a guess until a frame or two has drawn them.
    let frames = FRAMES
    const aim = (): void => {
      this.#put(line, below)
      if (frames-- > 0) requestAnimationFrame(aim)
    }
    aim()
    this.#scrolled()
  }

  #put(line: Element, below: number): void {
    if (this.#stuck || !line.isConnected) return
    this.#box.scrollTop += this.#below(line) - below
    this.#top = this.#box.scrollTop
  }

  #below(line: Element): number {
    return line.getBoundingClientRect().top - this.#box.getBoundingClientRect().top
  }

  /** Changes lines while the lines that the person reads stay where they are. */
  keep(change: () => void): void {
    // Lines that make the log longer are measured before they are painted, and then it is settled.
    if (this.#stuck) return change()
    const anchor = this.#firstInSight()
    const before = anchor?.getBoundingClientRect().top ?? 0
    change()
    if (anchor?.isConnected === true) this.#box.scrollTop += anchor.getBoundingClientRect().top - before
    this.#top = this.#box.scrollTop
  }

  #firstInSight(): Element | undefined {
    const { left, top, width } = this.#box.getBoundingClientRect()
    for (let down = 4; down < 200; down += 16) {
      const line = document.elementFromPoint(left + width / 2, top + down)?.closest('li')
      if (line !== null && line !== undefined && this.#box.contains(line)) return line
    }
    return undefined
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#box
    // New lines move the bottom away, and only a person moves the top up.
    if (scrollHeight - scrollTop - clientHeight < NEAR_PX) this.#stick(true)
    else if (scrollTop < this.#top - 1) this.#stick(false)
    this.#top = scrollTop
    for (const listener of this.#listeners) listener()
  }

  #stick(isStuck: boolean): void {
    if (isStuck === this.#stuck) return
    this.#stuck = isStuck
    this.#box.style.overflowAnchor = isStuck ? 'none' : 'auto'
  }
}
