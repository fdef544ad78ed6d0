// Where a request may come from. Two checks come before anything else. Both are against pages of other sites in a
// visitor's browser:
//
// - `Host` must be a name of this server, or a page could point its own name at this machine (DNS rebinding).
// - A request that changes something must come from our own page or from no page at all (cross-site request forgery).
//   `Sec-Fetch-Site` tells, in browsers that send it; `Origin` tells in the others.
//
// A proxy may use a name of its own for this server. Then `Host` is not the host in the page's address:
//
//     page of https://chat.example ──> proxy ──> us        Host: 127.0.0.1:8000    Origin: https://chat.example
//
// Two things still prove that the page is ours. The browser says `Sec-Fetch-Site: same-origin`, with the two other
// headers that every browser sends beside it. It says so only for pages that came by https or from its own machine,
// whose place no other site can take. Or a proxy that we trust says which host it was asked for.

import { hostname } from 'node:os'
import { isIP } from 'node:net'
import { ChatError } from '../../core/errors.js'
import { forwardedHosts } from '../address.js'
import { findHeader } from './header.js'

/** A request must have fewer headers than this. */
export const MAX_HEADERS = 64

/** So many characters of a refused `Host` are repeated. */
const MAX_SHOWN = 100

export type OriginOptions = {
  /** Host names beside IP literals, localhost and this machine's name. */
  readonly hosts: readonly string[]
  /** Origins of other sites that may use this server, such as https://school.example. */
  readonly origins: readonly string[]
  /** How many proxies in front are ours. */
  readonly proxies?: number
  /** Told of the first `Host` that is refused: printable, and short. */
  readonly onUnknownHost?: (host: string) => void
}

/** A request as far as it is looked at here: an `IncomingMessage`, or an object that stands in for one. */
export type RequestHead = {
  readonly method?: string | undefined
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}

export class Origins {
  readonly #hosts: ReadonlySet<string>
  readonly #origins: ReadonlySet<string>
  readonly #proxies: number
  #onUnknownHost: ((host: string) => void) | undefined
  #lastHost: string | undefined

  constructor({ hosts, origins, proxies = 0, onUnknownHost }: OriginOptions) {
    this.#proxies = proxies
    this.#onUnknownHost = onUnknownHost
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

  /** Throws `forbidden_host`, `forbidden_origin`, or `bad_request` for a request without exactly one host. */
  check(request: RequestHead): void {
    this.#checkHost(request)
    if (request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS') this.checkOrigin(request)
  }

  /** Throws `forbidden_origin` for a request of another site's page. */
  checkOrigin({ rawHeaders }: Pick<RequestHead, 'rawHeaders'>): void {
    const origin = findHeader(rawHeaders, 'origin')
    if (origin !== undefined && this.allows(origin)) return
    const site = findHeader(rawHeaders, 'sec-fetch-site')
    if (site !== undefined && site !== 'same-origin' && site !== 'none')
      throw new ChatError(
        'forbidden_origin',
        'this request comes from another site: open the chat itself, or allow that site with --allow-origin',
      )
    if (origin === undefined || isSameHost(origin, findHeader(rawHeaders, 'host') ?? '')) return
    if (site === 'same-origin' && isFromBrowser(rawHeaders)) return
    if (this.#proxies > 0 && this.#isForwarded(origin, rawHeaders)) return
    const shown = /^https?:\/\/[\w.:[\]-]{1,100}$/i.test(origin) ? origin : undefined
    const toAllow = shown === undefined ? 'allow that site with --allow-origin' : `start with --allow-origin ${shown}`
    throw new ChatError(
      'forbidden_origin',
      `this request comes from another site than its Host names: open the chat itself, or, where a proxy stands in front, have it pass the Host on (nginx: proxy_set_header Host $http_host;), or ${toAllow}`,
    )
  }

  allows(origin: string): boolean {
    return this.#origins.has(origin.toLowerCase())
  }

  #checkHost({ rawHeaders, httpVersion }: RequestHead): void {
    // `node:http` drops headers past this number. A check must not miss a header in this way.
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
    // Nearly all requests to a server name the same host.
    if (value === this.#lastHost) return
    if (!this.#isOurs(value)) {
      const shown = value.replaceAll(/[^!-~]/g, '?').slice(0, MAX_SHOWN)
      this.#onUnknownHost?.(shown)
      this.#onUnknownHost = undefined
      const name = /^([\w.-]+)(?::\d+)?$/.exec(shown)?.[1]
      throw new ChatError(
        'forbidden_host',
        name === undefined
          ? 'this server does not go by that name: use its address, or allow the name with --allow-host'
          : `this server does not go by the name ${name}: use its address, or start it with --allow-host ${name}; where that is a proxy's name for it, have the proxy pass on what the browser asked for (nginx: proxy_set_header Host $http_host;)`,
      )
    }
    this.#lastHost = value
  }

  #isOurs(host: string): boolean {
    const name = nameOf(host)
    return name !== undefined && (this.#hosts.has(name) || isIP(name) !== 0)
  }

  /**
   * Was our own proxy asked for this origin? By http another site's name may be made to lead here (DNS rebinding), so
   * there the name has to be ours as well. By https the proxy's certificate has settled that.
   */
  #isForwarded(origin: string, rawHeaders: readonly string[]): boolean {
    const isHttps = /^https:/i.test(origin)
    return forwardedHosts(rawHeaders, this.#proxies).some(
      (host) => isSameHost(origin, host) && (isHttps || this.#isOurs(host)),
    )
  }
}

/**
 * Every browser that sends `Sec-Fetch-Site` sends these two as well, and no page can
 * (https://www.w3.org/TR/fetch-metadata/).
 */
function isFromBrowser(rawHeaders: readonly string[]): boolean {
  return (
    findHeader(rawHeaders, 'sec-fetch-mode') !== undefined && findHeader(rawHeaders, 'sec-fetch-dest') !== undefined
  )
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
