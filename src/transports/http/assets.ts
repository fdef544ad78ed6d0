// The page's files, as the build left them: read once at the start, compressed once, and served from memory. A path
// that is not in the table is not served, so no path leads out of the folder.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { PACKAGE_ROOT } from '../../platform.js'
import type { Reply } from './answer.js'
import { takesGzip } from './header.js'
import type { Request } from './request.js'
import type { Route } from './route.js'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
  // Shows the sources in a debugger. It is there in a clone, and not in the package.
  '.map': 'application/json',
}

const FOLDER = join(PACKAGE_ROOT, 'lib/static')

/** Nothing from elsewhere, nothing inline, no HTML from strings. https://www.w3.org/TR/CSP3/ */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // `blob:` is what this page has itself: a picture before it is sent.
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

type Asset = { readonly type: string; readonly plain: Buffer; readonly packed: () => Buffer; readonly tag: string }

export type AssetParts = {
  readonly folder?: string
  /** What the addresses of the files begin with. */
  readonly prefix?: string
  /** The address of the page. */
  readonly index?: string
  /** What the page has to know about the server from the start. It is written into the root element. */
  readonly marks?: string
}

/** A route for each file. No file needs a password: the page asks for it. */
export function assetRoutes({
  folder = FOLDER,
  prefix = '/static/',
  index = '/',
  marks = '',
}: AssetParts = {}): Route[] {
  const byPath = new Map<string, Asset>()
  for (const file of filesIn(folder)) {
    const type = TYPES[extname(file)]
    if (type === undefined) continue
    const bytes = readFileSync(join(folder, file))
    const asset = assetOf(type, file === 'index.html' ? marked(bytes, marks) : bytes)
    byPath.set(`${prefix}${file}`, asset)
    if (file === 'index.html') byPath.set(index, asset)
  }
  return [...byPath].map(([path, asset]) => ({
    method: 'GET',
    path,
    auth: 'open',
    handle: (request, answer) => answer(replyOf(asset, request)),
  }))
}

function marked(page: Buffer, marks: string): Buffer {
  return marks === '' ? page : Buffer.from(page.toString().replace('<html', `<html${marks}`))
}

function assetOf(type: string, plain: Buffer): Asset {
  const tag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 16)}"`
  // Compressed when it is first asked for: all files at once would be most of a server's start.
  let packed: Buffer | undefined
  return { type, plain, packed: () => (packed ??= gzipSync(plain, { level: 9 })), tag }
}

/** A file, compressed if the browser takes gzip; 304 if the browser has it already. */
function replyOf(asset: Asset, request: Pick<Request, 'header'>): Reply {
  const isPacked = takesGzip(request)
  const body = isPacked ? asset.packed() : asset.plain
  const headers = [
    'Cache-Control',
    'no-cache',
    'X-Content-Type-Options',
    'nosniff',
    'ETag',
    asset.tag,
    'Vary',
    'Accept-Encoding',
  ]
  if (request.header('if-none-match') === asset.tag) return { status: 304, headers, body: '' }
  if (isPacked) headers.push('Content-Encoding', 'gzip')
  if (asset.type.startsWith('text/html'))
    headers.push('Content-Security-Policy', POLICY, 'Referrer-Policy', 'no-referrer')
  headers.push('Content-Type', asset.type, 'Content-Length', String(body.length))
  return { status: 200, headers, body }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => statSync(join(folder, file)).isFile())
  } catch {
    // Not built: the server works without a page, and `/` is a 404.
    return []
  }
}
