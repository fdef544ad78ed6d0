// Which part imports which. The compiler checks the platform's borders (no Node and no DOM in the core); this checks
// the rest.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { PACKAGE_ROOT } from '../src/platform.js'

type Import = { readonly from: string; readonly to: string; readonly isType: boolean }

const IMPORT = /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g

/** A socket, the requests on it and what they share are one thing; a port of people, and those it speaks of, another. */
const KNOWN_CIRCLES = /^src\/transports\/http\/fast\/(?:fast-\w+|parked-poll)\.ts$|^src\/core\/people\/directory\.ts$/

const files = (folder: string): string[] =>
  readdirSync(join(PACKAGE_ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))

/** Every import of a file, paths as from the package's root; `node:` and packages as they are written. */
function importsOf(file: string): Import[] {
  const source = readFileSync(join(PACKAGE_ROOT, file), 'utf8')
  const target = (to: string): string =>
    to.startsWith('.') ? relative(PACKAGE_ROOT, resolve(PACKAGE_ROOT, dirname(file), to)).replaceAll('\\', '/') : to
  const fixed = [...source.matchAll(IMPORT)].map(([, type, to = '']) => ({
    from: file,
    to: target(to),
    isType: type !== undefined,
  }))
  const dynamic = [...source.matchAll(DYNAMIC)].map(([, to = '']) => ({
    from: file,
    to: target(to),
    isType: true,
  }))
  return [...fixed, ...dynamic]
}

const all = [...files('src'), ...files('static')].flatMap(importsOf)

/** Imports of files in `folder` that lead to none of the allowed places. */
function strays(folder: string, allowed: readonly string[]): string[] {
  const wrong = all.filter(({ from, to }) => from.startsWith(folder) && !allowed.some((place) => to.startsWith(place)))
  return wrong.map(({ from, to }) => `${from} -> ${to}`)
}

test('there are imports to look at', () => {
  expect(all.length).toBeGreaterThan(100)
  expect(all).toContainEqual({ from: 'src/core/rooms/room.ts', to: 'src/core/rooms/ring.js', isType: false })
  expect(all).toContainEqual({ from: 'src/core/rooms/room.ts', to: 'src/core/clock.js', isType: true })
})

describe('directions', () => {
  test('the core knows the core alone', () => {
    expect(strays('src/core/', ['src/core/'])).toEqual([])
  })

  test('rooms know no people, people no chat, and what both stand on knows neither', () => {
    const ground = ['src/core/bucket.js', 'src/core/clock.js', 'src/core/errors.js']
    expect(strays('src/core/rooms/', ['src/core/rooms/', ...ground])).toEqual([])
    expect(strays('src/core/people/', ['src/core/people/', 'src/core/rooms/', ...ground])).toEqual([])
    for (const file of ground) expect(strays(file.replace('.js', '.ts'), ground)).toEqual([])
  })

  test('the client knows the core and the client', () => {
    expect(strays('src/client/', ['src/core/', 'src/client/'])).toEqual([])
  })

  test('the page knows the client and the core, and what draws a QR code', () => {
    expect(strays('static/', ['static/', 'src/client/', 'src/core/', 'lean-qr/'])).toEqual([])
  })

  test('stores know no transport, and transports no store', () => {
    expect(all.filter(({ from, to }) => from.startsWith('src/stores') && to.startsWith('src/transports'))).toEqual([])
    expect(all.filter(({ from, to }) => from.startsWith('src/transports') && to.startsWith('src/stores'))).toEqual([])
  })

  test('no store knows another', () => {
    const names = new Set(readdirSync(join(PACKAGE_ROOT, 'src/stores')).map((file) => file.replace(/\.ts$/, '')))
    // What several of them are made of is no store.
    names.delete('shared')
    for (const name of names) {
      const others = [...names]
        .filter((other) => other !== name)
        .flatMap((other) => [`src/stores/${other}.js`, `src/stores/${other}/`])
      const mine = all.filter(({ from }) => from === `src/stores/${name}.ts` || from.startsWith(`src/stores/${name}/`))
      expect(mine.filter(({ to }) => others.some((other) => to.startsWith(other)))).toEqual([])
    }
  })

  test('only the beginnings of the program know the app', () => {
    const knowers = all.filter(({ to }) => to === 'src/app.js').map(({ from }) => from)
    expect(knowers.filter((file) => !/^src\/(main|index)\.ts$|^src\/commands\//.test(file))).toEqual([])
  })

  test('a route knows neither node:http nor the server', () => {
    const routes = all.filter(({ from }) => from.startsWith('src/transports/http/routes/'))
    expect(routes.length).toBeGreaterThan(10)
    expect(routes.filter(({ to }) => /^node:(http|net)$|\/(server|exchange|origins)\.js$/.test(to))).toEqual([])
  })

  test('no file imports itself in a circle, also for its types', () => {
    const edges = new Map<string, string[]>()
    for (const { from, to } of all)
      if (!KNOWN_CIRCLES.test(from)) edges.set(from, [...(edges.get(from) ?? []), to.replace(/\.js$/, '.ts')])
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): void => {
      expect(path, `a circle: ${[...path, file].join(' -> ')}`).not.toContain(file)
      if (done.has(file)) return
      for (const next of edges.get(file) ?? []) visit(next, [...path, file])
      done.add(file)
    }
    for (const file of edges.keys()) visit(file, [])
  })
})

describe('packages', () => {
  const manifest: { dependencies?: object; peerDependencies?: object } = JSON.parse(
    readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'),
  )

  test('none is needed at run time; the page has one built in', () => {
    expect(Object.keys(manifest.dependencies ?? {})).toEqual([])
    const packages = all.filter(
      ({ to, isType }) => !isType && !to.startsWith('src/') && !to.startsWith('static/') && !to.startsWith('node:'),
    )
    expect(packages.map(({ to }) => to)).toEqual(['lean-qr/nano'])
  })
})

test('every file begins by saying what it is', () => {
  for (const file of files('src')) {
    const source = readFileSync(join(PACKAGE_ROOT, file), 'utf8').replace(/^#!.*\n/, '')
    expect(source.startsWith('//'), file).toBe(true)
  }
})

test('nothing is left to do, and nothing is forced', () => {
  for (const file of [...files('src'), ...files('static')]) {
    const source = readFileSync(join(PACKAGE_ROOT, file), 'utf8')
    expect(source, file).not.toMatch(
      /\b(TODO|FIXME|XXX|HACK)\b|@ts-ignore|@ts-expect-error|@ts-nocheck|: any\b|\bas any\b|\.innerHTML\b/,
    )
  }
})
