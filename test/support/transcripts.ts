// Transcripts in documents: commands with what they print, to be run and compared.
//
//     $ curl http://localhost:8000/health        the command
//     {"status":"ok"}                            what it prints, up to the next command; `…` is whatever is different

/** The fenced blocks of one language. */
export function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)].flatMap(([, name, block = '']) =>
    name === language ? [block] : [],
  )
}

/** Each command of a transcript, with what it prints. */
export function stepsOf(transcript: string): [command: string, expected: string][] {
  return transcript
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...lines] = step.trimEnd().split('\n')
      return [command, lines.join('\n')]
    })
}

/** `…` stands for whatever is different each time; alone on a line, for any lines. */
export function patternOf(expected: string): RegExp {
  const literal = expected.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const timeless = literal
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '\\d{4}-\\d\\d-\\d\\d [\\d:]{8}')
    .replace(/\n?\\\^C$/, '')
  return new RegExp(`^${timeless.replace(/^…\n/gm, '(?:.*\\n)*?').replace(/^…$/gm, '[^]*').replaceAll('…', '.+?')}$`)
}
