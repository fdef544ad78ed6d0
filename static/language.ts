// Which language the page speaks: what `?lang=` says or said before, else the first of the browser's that there is. Its
// words are loaded before the first sheet is shown, so that no English flashes by.

import { asString, stored } from './storage.js'
import { speak } from './words.js'

const LANGUAGES = ['en', 'de', 'fr', 'es', 'pt', 'ar', 'zh']

const chosen = stored('local', 'language', asString)

export async function chooseLanguage(): Promise<void> {
  const asked = new URLSearchParams(location.search).get('lang')
  if (asked !== null) chosen.write(asked)
  const places = navigator.languages
  const language = [chosen.read(), ...places].map(languageOf).find((one) => LANGUAGES.includes(one))
  // Of what was asked for as `de` the browser may know more: `de-CH`.
  const place = places.find((one) => languageOf(one) === language) ?? language
  if (place === undefined || language === undefined) return
  if (language === 'en') return speak(place)
  try {
    const { translate } = await import('./translate.js')
    await translate(language, place)
  } catch {
    // No connection: English is here.
  }
}

function languageOf(place: string): string {
  return place.slice(0, 2).toLowerCase()
}
