// A way in beside HTTP, as the app sees it.

export type Transport = {
  /** How many connections are open. */
  readonly connections: number
  /** Begins to listen. Resolves with the port, if the transport has one of its own. */
  start(): Promise<number | undefined>
  /** Tells its clients, and resolves when nothing is left open. */
  stop(): Promise<void>
}
