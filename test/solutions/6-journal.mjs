// A solution of exercise 6.

export function readJournal(text) {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const lines = whole.split('\n').slice(0, -1)
  return { messages: lines.map(messageOf), whole }
}

function messageOf(line, index) {
  try {
    return JSON.parse(line)
  } catch {
    throw new Error(`damaged: line ${index + 1}`)
  }
}
