// Makes lib/static/, the page as the server serves it: bundled and small. A third of a second; no type is looked at here.
//
// The maps beside the scripts let a browser's debugger show the sources. They stay out of the package.

import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { transform } from 'lightningcss'
import { build } from 'rolldown'

/**
 * What every page loads behind the chat goes into one file: a request costs a browser more than the code of most of these
 * parts. Nothing of it is needed before the first messages are there, and the rarer things load their own parts.
 */
const BEHIND = ['amend', 'comforts', 'drawers', 'files', 'notifications', 'past', 'sending']

rmSync('lib/static', { recursive: true, force: true })
rmSync('lib/inside-page', { recursive: true, force: true })
await Promise.all([bundlePage(), bundleInside()])

/** lib/inside-page/: the glass box, which shares no file with the page. */
async function bundleInside() {
  await build({
    input: { inside: 'static/inside/page.ts' },
    platform: 'browser',
    output: {
      format: 'esm',
      minify: true,
      comments: false,
      sourcemap: true,
      dir: 'lib/inside-page',
      // The server knows the lab's code by its name: it is there with --lab alone.
      chunkFileNames: '[name].js',
    },
  })
  const sheets = ['static/css/colours.css', 'static/css/base.css', 'static/inside/inside.css']
  writeStyle('lib/inside-page/inside.css', sheets.map(read))
  writeFileSync('lib/inside-page/index.html', dense(read('static/inside/index.html')))
}

async function bundlePage() {
  await build({
    input: { theme: 'static/theme.ts', page: 'static/page.ts' },
    platform: 'browser',
    output: {
      format: 'esm',
      minify: true,
      comments: false,
      sourcemap: true,
      dir: 'lib/static',
      chunkFileNames: '[name].js',
      // A page that is open while the server is replaced loads new parts beside old ones: they know each other by name.
      minifyInternalExports: false,
      // What the first sheet needs is one file, not one for each set of parts that need it later too. But for page.ts,
      // which waits for parts that import from here.
      codeSplitting: {
        groups: [
          { name: 'first-sheet', tags: ['$initial'], test: /(?<!page)\.ts$/, priority: 1 },
          // The chat too, with what its later parts have from it.
          { name: 'chat', test: /static.chat\.ts$/ },
          // Words that rare parts have too, such as the one that asks for a password before the chat. They are in the language
          // that is chosen when they are loaded, so they go with nothing that is loaded earlier.
          { name: 'later-words', test: /static.later-words\.ts$/ },
          { name: 'later-style', test: /static.later-style\.ts$/ },
          { name: 'leader', test: /static.leader\.ts$/ },
          { name: 'behind', test: new RegExp(`static.(${BEHIND.join('|')})\\.ts$`) },
        ],
      },
    },
  })
  skipFacade('page', 'chat2', 'chat')
  skipFacade('chat', 'leader2', 'leader')
  for (const part of BEHIND) skipFacade('chat', part, 'behind')
  const html = readFileSync('static/index.html', 'utf8')
  const link = /<link rel="stylesheet" href="(.+)" \/>/g
  const sheets = [...html.matchAll(link)].map(([, file]) => readFileSync(file, 'utf8'))
  writeStyle('lib/static/page.css', sheets)
  // The style that is not needed at first: static/later-style.ts loads it.
  const later = [
    'hover',
    'drawers',
    'unsent',
    'dialog',
    'search',
    'comforts',
    'stage',
    'password',
    'moderate',
    'amend',
    'lab',
    'print',
    'forced',
  ]
  writeStyle(
    'lib/static/later.css',
    later.map((name) => read(`static/css/${name}.css`)),
  )
  writeStyle('lib/static/files.css', [read('static/css/files.css')])
  writeStyle('lib/static/rtl.css', [read('static/css/rtl.css')])
  const links = [
    '<link rel="stylesheet" href="static/page.css" />',
    '<link rel="modulepreload" href="static/first-sheet.js" />',
  ]
  writeFileSync(
    'lib/static/index.html',
    dense(html.replace(/( *<link rel="stylesheet".+\n)+/, `${links.join('\n')}\n`)),
  )
  for (const name of ['icon.svg', 'icon-192.png', 'icon-512.png', 'icon-maskable.png', 'manifest.webmanifest'])
    copyFileSync(`static/${name}`, `lib/static/${name}`)
}

/** A part that others have things from gets a file before it that only hands on: one request less without that. */
function skipFacade(from, facade, to) {
  const script = read(`lib/static/${from}.js`)
  const handsOn = new RegExp(`^export\\{[\\w,]+\\}from"\\./${to}\\.js";`)
  if (!handsOn.test(read(`lib/static/${facade}.js`))) throw new Error(`${facade}.js does more than hand on`)
  writeFileSync(`lib/static/${from}.js`, script.replaceAll(`./${facade}.js`, `./${to}.js`))
  rmSync(`lib/static/${facade}.js`)
  rmSync(`lib/static/${facade}.js.map`, { force: true })
}

function read(file) {
  return readFileSync(file, 'utf8')
}

function writeStyle(file, sheets) {
  const { code } = transform({ filename: file, code: Buffer.from(sheets.join('')), minify: true })
  writeFileSync(file, code)
}

/** HTML without its indentation. */
function dense(html) {
  return html.replaceAll(/^\s+/gm, '')
}
