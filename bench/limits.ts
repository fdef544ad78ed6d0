// How many sockets a process may have. A scenario that needs more is left out, and it is said why.

const SPARE = 64

/** Descriptors that a process may have open; Node raises its own limit to the hard one when it starts. */
export function descriptorLimit(): number {
  const report: unknown = process.report.getReport()
  const limits = field(field(report, 'userLimits'), 'open_files')
  const soft = field(limits, 'soft')
  return typeof soft === 'number' ? soft : Infinity
}

/** Why a scenario with so many sockets cannot run here; undefined when it can. */
export function whyTooMany(sockets: number, limit: number): string | undefined {
  if (sockets + SPARE <= limit) return undefined
  return `it needs ${sockets} sockets and the descriptor limit is ${limit}: raise it with \`ulimit -n ${sockets + SPARE}\``
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined
}
