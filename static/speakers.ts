// Who spoke in a room, as far as the page has it: the newest speaker first.

import type { Log } from './log.js'

export function speakersOf({ lines }: Log): readonly string[] {
  const names = new Set<string>()
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i]
    if (line?.kind === 'message' && line.message.type === 'chat') names.add(line.message.username)
  }
  return [...names]
}
