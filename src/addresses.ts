// Where other machines reach a server: the addresses of this machine's networks. Those of virtual networks
// (containers, virtual machines, tunnels) come last, because a phone in the room is in none of them.

import { networkInterfaces } from 'node:os'

export type NetworkAddress = { readonly network: string; readonly address: string }

const VIRTUAL = /^(?:docker|br-|veth|virbr|vmnet|vboxnet|vethernet|utun|tun|tap|wg|zt|tailscale|cni|flannel|podman)/i

/** The addresses of this machine, as its system lists them. */
export function ownAddresses(): NetworkAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([network, list]) =>
    (list ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => ({ network, address })),
  )
}

/**
 * The addresses by which other machines reach a server that listens on `host`. All addresses of this machine if it
 * listens on all of them, one if it listens on one, and none if it listens on loopback alone.
 */
export function reachableAddresses(host: string, own: readonly NetworkAddress[] = ownAddresses()): string[] {
  if (host !== '0.0.0.0' && host !== '::') return isLoopback(host) ? [] : [host.includes(':') ? `[${host}]` : host]
  const rank = ({ network }: NetworkAddress): number => (VIRTUAL.test(network) ? 1 : 0)
  return own.toSorted((a, b) => rank(a) - rank(b)).map(({ address }) => address)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
