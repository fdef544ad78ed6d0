// The system calls of a server, as strace records them with `-f -y -xx -ttt`: a call is one line, or two where another
// thread's came between.
//
//     812 1763635200.123456 pwrite64(21<\x2f\x74…>, "\xff\x1a…", 38, 0) = 38
//     812 1763635200.123456 fdatasync(21<\x2f\x74…> <unfinished ...>
//     812 1763635200.123999 <... fdatasync resumed>) = 0

/** Those that say what becomes of files, and what is answered. */
export const CALLS = 'openat,write,writev,pwrite64,ftruncate,fsync,fdatasync,rename,link,unlink'

export type Call = {
  readonly name: string
  /** Seconds since 1970, at which it began. */
  readonly at: number
  /** All that is quoted, as bytes: paths and what is written. */
  readonly quoted: readonly Buffer[]
  /** The path of the file that it is about, where it is about an open one; of `openat` the path that it opens. */
  readonly path: string
  /** Everything, with what is quoted left out. */
  readonly text: string
}

/** Tells of each call when it begins; what that returns is called when it has ended, with what it answered. */
export type OnCall = (call: Call) => ((answer: number) => void) | undefined

export function replay(trace: string, onCall: OnCall): void {
  const open = new Map<string, ((answer: number) => void) | undefined>()
  for (const line of trace.split('\n')) {
    const match = /^(\d+) +([\d.]+) (.*)$/.exec(line)
    if (match === null) continue
    const [, thread = '', at = '', rest = ''] = match
    const resumed = /^<\.\.\. \w+ resumed>/.test(rest)
    if (!resumed && !/^\w+\(/.test(rest)) continue
    const end = resumed ? open.get(thread) : onCall(parse(rest, Number(at)))
    if (!resumed && rest.endsWith('<unfinished ...>')) {
      open.set(thread, end)
      continue
    }
    open.delete(thread)
    end?.(Number(/\) += (-?\d+)/.exec(rest)?.[1] ?? -1))
  }
}

function parse(rest: string, at: number): Call {
  const quoted: Buffer[] = []
  const text = rest.replace(/"((?:\\x[0-9a-f]{2})*)"/g, (_, hex: string) => {
    quoted.push(Buffer.from(hex.replaceAll('\\x', ''), 'hex'))
    return '""'
  })
  const name = text.slice(0, text.indexOf('('))
  const described = /\(\d+<([^>]*)>/.exec(text)?.[1] ?? ''
  const path = name === 'openat' ? (quoted[0]?.toString() ?? '') : plain(described)
  return { name, at, quoted, path, text }
}

function plain(described: string): string {
  return described.startsWith('\\x') ? Buffer.from(described.replaceAll('\\x', ''), 'hex').toString() : described
}
