// The words of parts that are loaded later, in the language that was chosen.

import { translation } from './words.js'
import { later as english } from './words/later.js'

export const later = translation ?? english
