// The types of what is public: of the declarations that the compiler wrote, those that the package's faces lead to.
// A face keeps its file; all that the faces share is in one. What else the files declare is nobody's outside.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseSync } from 'rolldown/utils'

const FROM = 'dist/src'
const TO = 'lib/types'
const FACES = { 'index.d.ts': 'index.d.ts', 'client/index.d.ts': 'client.d.ts' }
const SHARED = 'shared'

copyTypes()

function copyTypes() {
  /** The statements of each file, in order. */
  const files = new Map()
  for (const face of Object.keys(FACES)) for (const statement of statementsOf(face)) take(face, statement)
  mkdirSync(TO, { recursive: true })
  const shared = []
  for (const [file, statements] of files) {
    const taken = statements.filter(({ isTaken }) => isTaken)
    if (file in FACES) write(FACES[file], taken.map(asFace))
    else shared.push(...taken.filter(({ declares, source }) => declares || source?.startsWith('.') === false))
  }
  const names = shared.filter(({ declares }) => declares).flatMap((statement) => statement.names)
  const twice = names.filter((name, i) => names.indexOf(name) !== i)
  if (twice.length > 0) throw new Error(`two public files declare ${twice.join(', ')}: give one of them another name`)
  write(
    `${SHARED}.d.ts`,
    shared.map(({ text }) => text),
  )

  function statementsOf(file) {
    if (!files.has(file)) files.set(file, parse(readFileSync(join(FROM, file), 'utf8')))
    return files.get(file)
  }

  /** Takes a statement and what it mentions: of its own file by name, of another file what it imports from there. */
  function take(file, statement) {
    if (statement.isTaken) return
    statement.isTaken = true
    const { text, names, source } = statement
    if (source?.startsWith('.') === false) return
    const target = source === undefined ? file : join(dirname(file), source.replace(/\.js$/, '.d.ts'))
    const wanted = source === undefined ? new Set(text.match(/\w+/g)) : new Set(names)
    for (const other of statementsOf(target)) if (other.names.some((name) => wanted.has(name))) take(target, other)
  }
}

/** A face's statement: what it has from another file of ours, it has from the shared one. */
function asFace({ text, source }) {
  return source?.startsWith('.') === true ? text.replace(source, `./${SHARED}.js`) : text
}

function write(file, texts) {
  writeFileSync(join(TO, file), `${texts.join('').trim()}\n`)
}

/** A file's statements, with the comments before them: what each names, and from where if it imports that. */
function parse(text) {
  let end = 0
  return parseSync('types.d.ts', text).program.body.map((node) => {
    const { declaration, specifiers, source } = node
    const declared = declaration?.declarations ?? [declaration ?? node]
    const names = [
      ...declared.flatMap(({ id }) => id?.name ?? []),
      ...(specifiers ?? []).map(({ local }) => local.name),
    ]
    const start = end
    end = node.end
    // An import, or a list of exports, declares nothing of its own.
    const declares = (specifiers?.length ?? 0) === 0
    return { text: text.slice(start, end), names, source: source?.value, declares, isTaken: false }
  })
}
