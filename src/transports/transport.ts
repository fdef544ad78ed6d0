// What every way in but HTTP itself looks like from outside.

export type Transport = {
  /** How many connections are open. */
  readonly connections: number
  /** Begins to listen; resolves with the port when it has one of its own. */
  start(): Promise<number | undefined>
  /** Tells everyone, and resolves when nothing is left open. */
  stop(): Promise<void>
}
