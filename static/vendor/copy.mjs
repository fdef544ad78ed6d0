// Copies what the page borrows from others to where the server finds it, with its licence: the QR code library,
// loaded when somebody opens Share and never before. Run by `npm run build`.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const to = join(dirname(fileURLToPath(import.meta.url)), '../../dist/static/vendor')
const from = createRequire(import.meta.url)
  .resolve('qrcode-generator')
  .replace(/\.js$/, '.mjs')
const code = readFileSync(from, 'utf8')
const copyright = /Copyright \(c\) .+/.exec(code)?.[0] ?? 'Copyright (c) Kazuhiko Arase'

const licence = `qrcode-generator (https://github.com/kazuhikoarase/qrcode-generator)
The MIT License

${copyright}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`

mkdirSync(to, { recursive: true })
writeFileSync(join(to, 'qrcode.js'), code)
writeFileSync(join(to, 'qrcode.LICENSE.txt'), licence)
