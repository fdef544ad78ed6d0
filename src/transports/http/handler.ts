// The functions that a program mounts in its own server, in the forms that `node:http`, Express and others call.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Takes a request. `next` is called for an address that is not the chat's. */
export type Handler = (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void) => void

/** Takes an `upgrade` event. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer, next?: () => void) => void
