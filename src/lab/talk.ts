// What the server and its supervisor tell each other.
//
//     supervisor                                   server
//         │ ── room, readers, race: how they are ───> │   twice a second
//         │ <── make a crowd, race, start me again ── │   when a person asks for it at /inside
//         │ <── the processor's time so far ───────── │   ten times a second while there is a race

import type { Crowd, CrowdState, RaceState } from '../client/lab.js'

export type Order =
  | { readonly kind: 'restart'; readonly ring: number | undefined }
  | { readonly kind: 'crowd'; readonly crowd: Crowd }
  | { readonly kind: 'slow'; readonly way: string }
  | { readonly kind: 'race'; readonly pace: 'quiet' | 'busy' | 'off' }

export type FromServer =
  | { readonly kind: 'listening'; readonly port: number; readonly websocket: boolean }
  | { readonly kind: 'cpu'; readonly at: number; readonly micros: number }
  | { readonly kind: 'order'; readonly order: Order }

export type FromSupervisor = {
  readonly kind: 'state'
  readonly restarts: number
  readonly crowd: CrowdState
  readonly race: RaceState | null
  /** The ports of the connections that read slowly. */
  readonly slowPorts: readonly number[]
}
