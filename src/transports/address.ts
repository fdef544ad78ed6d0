// The address that a request is counted to.
//
//     client ──> proxy 2 ──> proxy 1 ──> us         X-Forwarded-For: forged, client, proxy 2
//                                                   --trust-proxy 2:         ^^^^^^
//
// Each proxy adds the address that called it at the right end of the header. So the last N entries come from our own
// N proxies, and everything left of them may be forged. A request that did not come through N proxies is counted to
// the address of its socket.
//
// A household or a phone has a whole /64 of IPv6, so that is one address here.

import { isIP, isIPv4 } from 'node:net'

/** A request as far as it is looked at here: an `IncomingMessage`, or an object that stands in for one. */
export type Caller = {
  readonly socket: { readonly remoteAddress?: string | undefined }
  readonly rawHeaders: readonly string[]
}

export function addressOf({ socket, rawHeaders }: Caller, proxies: number): string {
  return clientAddress(socket.remoteAddress, proxies === 0 ? [] : valuesOf(rawHeaders, 'x-forwarded-for'), proxies)
}

/**
 * The address to count by. `socket`: the peer's, undefined for a local socket. `forwarded`: the values of all
 * `X-Forwarded-For` headers, in their order. `proxies`: how many there are in front.
 */
export function clientAddress(socket: string | undefined, forwarded: readonly string[], proxies: number): string {
  const entry = proxies === 0 ? undefined : forwarded.join(',').split(',').at(-proxies)
  const said = entry === undefined ? undefined : normalise(withoutPort(entry.trim()))
  return said ?? normalise(socket ?? '') ?? ''
}

/**
 * The hosts that the outermost of our proxies was asked for, as `X-Forwarded-Host` and as `Forwarded` (RFC 7239) say:
 * from a list the entry that this proxy wrote, or the only one.
 */
export function forwardedHosts(rawHeaders: readonly string[], proxies: number): string[] {
  const entry = (name: string): string | undefined => {
    const entries = valuesOf(rawHeaders, name).join(',').split(',')
    return (entries.at(-proxies) ?? entries[0])?.trim()
  }
  const pairs = entry('forwarded')?.split(';') ?? []
  const host = pairs.map((pair) => pair.trim()).find((pair) => /^host=/i.test(pair))
  return [entry('x-forwarded-host'), host?.slice('host='.length).replace(/^"([^"\\]*)"$/, '$1')].filter(
    (value): value is string => value !== undefined && value !== '',
  )
}

/** Did the request come by https? The outermost of our proxies says so, and each proxy behind it passes that on. */
export function isHttps({ rawHeaders }: Caller, proxies: number): boolean {
  if (proxies === 0) return false
  const words = valuesOf(rawHeaders, 'x-forwarded-proto').join(',').split(',')
  return (words.at(-proxies) ?? words[0] ?? '').trim().toLowerCase() === 'https'
}

/** Every value of a header: a proxy may add a line of its own instead of adding to one. */
function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_value, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name)
}

/**
 * Is it this machine? A person who is on it can do worse than open sockets. A proxy that we were not told of looks
 * like this machine too.
 */
export function isLocal(address: string): boolean {
  return address === '' || address === '::1' || address.startsWith('127.')
}

/** Some proxies write `1.2.3.4:5678` or `[2001:db8::1]:5678`. */
function withoutPort(entry: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(entry)
  return match?.[1] ?? match?.[2] ?? entry
}

/** The address in one form: IPv4 as it is, also where IPv6 wraps it; the /64 of IPv6; undefined for anything else. */
function normalise(address: string): string | undefined {
  if (isIPv4(address)) return address
  if (isIP(address) === 0) return undefined
  const groups = groupsOf(address)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join('.')
  if (groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1) return '::1'
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`
}

/** The eight numbers of an IPv6 address (RFC 4291, section 2.2). */
function groupsOf(address: string): number[] {
  const [plain6 = ''] = address.split('%', 1)
  const colon = plain6.lastIndexOf(':') + 1
  const tail4 = plain6.slice(colon)
  const plain = isIPv4(tail4) ? plain6.slice(0, colon) + hexOf(tail4) : plain6
  const [head = [], tail = []] = plain.split('::').map((half) => half.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16))
}

function hexOf(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}
