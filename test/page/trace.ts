// Reads a browser's trace for the time of the page's main thread, in processor time: the time of other programs does
// not count.

type TraceEvent = {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur?: number
  /** As `dur`, in microseconds of the processor. */
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

/** What happened on any page's main thread, oldest first. */
function mainThreadOf(trace: Buffer, names: ReadonlySet<string>): TraceEvent[] {
  const { traceEvents }: { traceEvents: readonly TraceEvent[] } = JSON.parse(trace.toString())
  const mains = new Set(
    traceEvents.flatMap(({ name, pid, tid, args }) =>
      name === 'thread_name' && args?.name === 'CrRendererMain' ? [`${pid} ${tid}`] : [],
    ),
  )
  return traceEvents
    .filter(({ name, pid, tid }) => names.has(name) && mains.has(`${pid} ${tid}`))
    .toSorted((a, b) => a.ts - b.ts)
}

const TASK = new Set(['RunTask'])
const SCRIPT = new Set(['EvaluateScript', 'FunctionCall', 'RunMicrotasks', 'v8.callFunction', 'MinorGC', 'MajorGC'])

/** The longest task, in milliseconds of the processor. */
export function longestTaskMs(trace: Buffer): number {
  return mainThreadOf(trace, TASK).reduce((longest, { tdur = 0 }) => Math.max(longest, tdur / 1000), 0)
}

/** All tasks together, in milliseconds of the processor. */
export function tasksMs(trace: Buffer): number {
  return mainThreadOf(trace, TASK).reduce((sum, { tdur = 0 }) => sum + tdur / 1000, 0)
}

/** How long scripts ran, with what they made the browser lay out at once, in milliseconds of the processor. */
export function scriptMs(trace: Buffer): number {
  let ms = 0
  let end = 0
  // One stands within another: the outermost counts.
  for (const { ts, dur = 0, tdur = 0 } of mainThreadOf(trace, SCRIPT)) {
    if (ts < end) continue
    end = ts + dur
    ms += tdur / 1000
  }
  return ms
}
