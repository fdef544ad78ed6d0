// Twelve crayons for names. A name has the crayon that its letters give. When two people of a room would have the
// same one, the person who came later takes the next free crayon, so the first twelve people can be told apart.
// Neighbouring crayons differ in hue and in lightness (the style has both, for paper and for the blackboard).
//
// A name keeps its crayon while the page is open, even when its person has left.

/** Hues in degrees (OKLCH), chosen by eye: every second one is drawn lighter. */
export const HUES = [15, 45, 80, 110, 145, 170, 200, 230, 260, 290, 315, 345] as const

/** The most names whose crayon is remembered: more than a school has people. */
const MOST_NAMES = 2000

/** Crayons by name. */
const given = new Map<string, number>()

/** The crayon of a name, from 0 to 11. */
export function crayonOf(name: string): number {
  return given.get(name) ?? hashOf(name) % HUES.length
}

/** Writes an element that holds a name with the name's crayon. */
export function colour(element: HTMLElement, name: string): void {
  const crayon = crayonOf(name)
  element.style.setProperty('--hue', String(HUES[crayon]))
  element.style.setProperty('--light', String(crayon % 2))
}

/** Gives out the crayons of a room, in the order in which people came. Answers whether any name's crayon changed. */
export function giveOut(members: readonly string[]): boolean {
  if (given.size > MOST_NAMES) given.clear()
  const used = new Set<number>()
  let changed = false
  for (const name of members) {
    let crayon = crayonOf(name)
    if (used.size < HUES.length) while (used.has(crayon)) crayon = (crayon + 1) % HUES.length
    used.add(crayon)
    changed ||= crayon !== crayonOf(name)
    given.set(name, crayon)
  }
  return changed
}

/** FNV-1a, a hash of 32 bits. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}
