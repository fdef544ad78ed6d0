// Makes lib/, which is what runs and what is published, in a third of a second: no type is looked at here.
//
//     src/main.ts, src/index.ts, src/client/  ──>  lib/*.js       one bundle with three ways in
//     static/                                 ──>  lib/static/    the page, as the server serves it
//
// lib/types/ is made by `npm run build`, which runs the compiler first (types.mjs).
//
// The maps beside the scripts let a debugger show the sources. They stay out of the package.

import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { transform } from 'lightningcss'
import { build } from 'rolldown'

const FORM = {
  format: 'esm',
  // Errors keep their names, which programs that do not catch them show.
  minify: { mangle: { reserved: ['ChatError', 'Refused', 'UsageError'] } },
  comments: false,
  sourcemap: true,
}

mkdirSync('lib', { recursive: true })
for (const name of readdirSync('lib')) if (name !== 'types') rmSync(`lib/${name}`, { recursive: true })
await Promise.all([bundleProgram(), bundlePage()])

async function bundleProgram() {
  await build({
    input: { main: 'src/main.ts', index: 'src/index.ts', client: 'src/client/index.ts' },
    platform: 'node',
    external: ['jose', 'redis', 'socket.io', 'ws'],
    output: {
      ...FORM,
      dir: 'lib',
      chunkFileNames: '[name].chunk.js',
      codeSplitting: {
        groups: [
          { name: 'client', test: /src.client/, priority: 1 },
          // All the rest in one: what one file has from another costs no names there.
          { name: 'app', test: /src.(?!main|index|stores.(redis|shared))/ },
        ],
      },
    },
  })
  chmodSync('lib/main.js', 0o755)
}

async function bundlePage() {
  await build({
    input: { theme: 'static/theme.ts', page: 'static/page.ts' },
    platform: 'browser',
    output: {
      ...FORM,
      dir: 'lib/static',
      chunkFileNames: '[name].js',
      // A page that is open while the server is replaced loads new parts beside old ones: they know each other by name.
      minifyInternalExports: false,
      // What the first sheet needs is one file, not one for each set of parts that need it later too. But for page.ts,
      // which waits for parts that import from here.
      codeSplitting: { groups: [{ name: 'first-sheet', tags: ['$initial'], test: /(?<!page)\.ts$/ }] },
    },
  })
  const html = readFileSync('static/index.html', 'utf8')
  const link = /<link rel="stylesheet" href="(.+)" \/>/g
  const sheets = [...html.matchAll(link)].map(([, file]) => readFileSync(file, 'utf8'))
  writeStyle('page', sheets)
  // What nobody sees at first: static/later-style.ts loads it.
  const later = ['dialog', 'password', 'moderate', 'print', 'forced']
  writeStyle(
    'later',
    later.map((name) => readFileSync(`static/css/${name}.css`, 'utf8')),
  )
  const links = [
    '<link rel="stylesheet" href="static/page.css" />',
    '<link rel="modulepreload" href="static/first-sheet.js" />',
  ]
  writeFileSync(
    'lib/static/index.html',
    dense(html.replace(/( *<link rel="stylesheet".+\n)+/, `${links.join('\n')}\n`)),
  )
  copyFileSync('static/icon.svg', 'lib/static/icon.svg')
}

function writeStyle(name, sheets) {
  const { code } = transform({ filename: `${name}.css`, code: Buffer.from(sheets.join('')), minify: true })
  writeFileSync(`lib/static/${name}.css`, code)
}

/** HTML without its indentation. */
function dense(html) {
  return html.replaceAll(/^\s+/gm, '')
}
