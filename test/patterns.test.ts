// No pattern in the sources can be made slow: a regular expression that backtracks over the same letters, or that
// begins anew at each of them, takes quadratic time for a text that is written for it (ReDoS). The analysis is that of
// eslint-plugin-regexp, https://github.com/RunDevelopment/scslre.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'rolldown/utils'
import { analyse } from 'scslre'
import { expect, test } from 'vitest'
import { PACKAGE_ROOT } from '../src/platform.js'

type Pattern = { readonly file: string; readonly source: string; readonly flags: string }

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** The patterns that are written in a file. */
function patternsIn(file: string): Pattern[] {
  const found: Pattern[] = []
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(walk)
    if (!isObject(node)) return
    const { type, regex } = node
    if (type === 'Literal' && isObject(regex))
      found.push({ file, source: String(regex['pattern']), flags: String(regex['flags']) })
    Object.values(node).forEach(walk)
  }
  walk(parseSync(file, readFileSync(join(PACKAGE_ROOT, file), 'utf8')).program)
  return found
}

function slowness({ file, source, flags }: Pattern): string[] {
  const { reports } = analyse({ source, flags })
  return reports.map(({ character }) => `${file}: /${source}/${flags} is slow on many of ${character.literal.source}`)
}

const files = ['src', 'static'].flatMap((folder) =>
  readdirSync(join(PACKAGE_ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => join(folder, file)),
)

test('a slow pattern is found', () => {
  const found = ['^ +| +$', '^Bearer +(.*?) *$'].flatMap((source) => slowness({ file: 'here', source, flags: '' }))
  expect(found.length).toBeGreaterThanOrEqual(2)
})

test('no pattern in the sources is slow', () => {
  const patterns = files.flatMap(patternsIn)
  expect(patterns.length).toBeGreaterThan(50)
  expect(patterns.flatMap(slowness)).toEqual([])
})
