// Light or dark: as the system prefers, until the switch says otherwise. `?big` is for the projector (stage.ts). This
// is the first script of the page, and the only one that the first paint waits for, so nothing flashes.

import { stored } from './storage.js'

type Theme = 'light' | 'dark' | undefined

const root = document.documentElement
const chosen = stored<Theme>('local', 'theme', (value) => (value === 'light' || value === 'dark' ? value : undefined))
const prefersDark = matchMedia('(prefers-color-scheme: dark)')

apply()
chosen.onChange(apply)
if (new URLSearchParams(location.search).has('big')) root.dataset['big'] = ''

function apply(): void {
  const theme = chosen.read()
  if (theme === undefined) delete root.dataset['theme']
  else root.dataset['theme'] = theme
}

/** Wires the switch. Choosing what the system prefers anyway forgets the choice. */
export function wireTheme(dark: HTMLInputElement): void {
  const show = (): void => {
    dark.checked = (chosen.read() ?? (prefersDark.matches ? 'dark' : 'light')) === 'dark'
  }
  dark.addEventListener('change', () => {
    chosen.write(dark.checked === prefersDark.matches ? undefined : dark.checked ? 'dark' : 'light')
    apply()
  })
  prefersDark.addEventListener('change', show)
  chosen.onChange(show)
  show()
}
