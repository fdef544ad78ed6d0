// Reads one header of a request. `node:http` makes the object of all headers only when it is asked for; this does not
// ask.

/** The first value of a header in `rawHeaders`, by its lower-case name. */
export function findHeader(raw: readonly string[], name: string): string | undefined {
  for (let i = 0; i < raw.length; i += 2) {
    const candidate = raw[i]
    if (candidate?.length === name.length && candidate.toLowerCase() === name) return raw[i + 1]
  }
  return undefined
}

/** Does the client accept an answer that is compressed with gzip? */
export function takesGzip(request: { header(name: string): string | undefined }): boolean {
  const codings = request.header('accept-encoding')
  if (codings === undefined || !codings.includes('gzip')) return false
  return codings.split(',').some((coding) => {
    const [name = '', ...parameters] = coding.split(';')
    return (
      name.trim().toLowerCase() === 'gzip' && !parameters.some((parameter) => /^\s*q=0(?:\.0*)?\s*$/i.test(parameter))
    )
  })
}
