// Where a request may come from. Two checks before anything else, both against pages of other sites in a visitor's browser:
//
// - `Host` must be a name that is ours, or a page could point its own name at this machine (DNS rebinding);
// - what changes something must come from our own page or from no page at all (cross-site request forgery).
//   `Sec-Fetch-Site` tells, in browsers that send it; `Origin` tells in the rest.

import { hostname } from 'node:os'
import { isIP } from 'node:net'
import { ChatError } from '../../core/errors.js'
import { findHeader } from './header.js'

/** How many headers a request may not have. */
export const MAX_HEADERS = 64

export type OriginOptions = {
  /** Host names beside IP literals, localhost and this machine's name. */
  readonly hosts: readonly string[]
  /** Origins of other sites that may use this server, such as https://school.example. */
  readonly origins: readonly string[]
}

/** What is looked at: an `IncomingMessage`, or what stands in for one. */
export type RequestHead = {
  readonly method?: string | undefined
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}

export class Origins {
  readonly #hosts: ReadonlySet<string>
  readonly #origins: ReadonlySet<string>
  #lastHost: string | undefined

  constructor({ hosts, origins }: OriginOptions) {
    const machine = hostname().toLowerCase()
    this.#hosts = new Set([
      'localhost',
      machine,
      `${machine}.local`,
      ...hosts.map((host) => nameOf(host) ?? host.toLowerCase()),
    ])
    this.#origins = new Set(origins.map((origin) => origin.toLowerCase()))
  }

  get anyOrigins(): boolean {
    return this.#origins.size > 0
  }

  /** Throws `forbidden_host`, `forbidden_origin`, or `bad_request` for a request without its one host. */
  check(request: RequestHead): void {
    this.#checkHost(request)
    if (request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS') this.checkOrigin(request)
  }

  /** Throws `forbidden_origin` for a request that another site's page makes. */
  checkOrigin(request: RequestHead): void {
    const origin = findHeader(request.rawHeaders, 'origin')
    if (origin !== undefined && this.allows(origin)) return
    const site = findHeader(request.rawHeaders, 'sec-fetch-site')
    const foreign = site !== undefined && site !== 'same-origin' && site !== 'none'
    if (foreign || (origin !== undefined && !isSameHost(origin, findHeader(request.rawHeaders, 'host') ?? ''))) {
      throw new ChatError(
        'forbidden_origin',
        'this request comes from another site: open the chat itself, or allow that site with --allow-origin',
      )
    }
  }

  allows(origin: string): boolean {
    return this.#origins.has(origin.toLowerCase())
  }

  #checkHost({ rawHeaders, httpVersion }: RequestHead): void {
    // `node:http` leaves out what comes after so many: a check must not be led past a header in this way.
    if (rawHeaders.length >= 2 * MAX_HEADERS)
      throw new ChatError('bad_request', `the request has too many headers: fewer than ${MAX_HEADERS}`)
    let value: string | undefined
    let hosts = 0
    for (let i = 0; i < rawHeaders.length; i += 2) {
      if (rawHeaders[i]?.length !== 4 || rawHeaders[i]?.toLowerCase() !== 'host') continue
      value = rawHeaders[i + 1]
      hosts++
    }
    if (hosts > 1) throw new ChatError('bad_request', 'the request has more than one Host header')
    if (value === undefined) {
      if (httpVersion === '1.0') return
      throw new ChatError('bad_request', 'the request has no Host header')
    }
    // Nearly all requests of one server have one host.
    if (value === this.#lastHost) return
    const name = nameOf(value)
    if (name === undefined || (!this.#hosts.has(name) && isIP(name) === 0)) {
      throw new ChatError(
        'forbidden_host',
        'this server does not go by that name: use its address, or allow the name with --allow-host',
      )
    }
    this.#lastHost = value
  }
}

/** The host of `host[:port]`, in lower case and without the brackets of IPv6. */
function nameOf(host: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@?#\s]+))(?::\d{1,5})?$/i.exec(host)
  return (match?.[1] ?? match?.[2])?.toLowerCase()
}

function isSameHost(origin: string, host: string): boolean {
  const match = /^(https?):\/\/([^/?#@]+)$/i.exec(origin)
  if (match === null) return false
  const [, scheme = '', authority = ''] = match
  const standard = scheme.toLowerCase() === 'https' ? ':443' : ':80'
  const plain = (value: string): string => value.toLowerCase().replace(new RegExp(`${standard}$`), '')
  return plain(authority) === plain(host)
}
