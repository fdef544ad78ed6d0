// What the server counts about itself. No label ever carries a room or a name. Labels are code words, so their number
// is bounded whatever people send.
//
// Written as Prometheus reads it: https://prometheus.io/docs/instrumenting/exposition_formats/

type Labels = Readonly<Record<string, string>>

const DELAYS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const WAITS = [0.1, 0.5, 1, 2.5, 5, 10, 15, 20, 25, 30, 45, 55]

export class Counter {
  readonly #series = new Map<string, { times: number }>()

  readonly #label: string | undefined
  /** Is told each time something is counted. */
  onAdd: ((times: number, value: string) => void) | undefined

  /** `label`: the name of the counter's only label, if it has one. */
  constructor(label?: string) {
    this.#label = label
  }

  /** Counts, under one value of the label. */
  add(times: number, value = ''): void {
    const series = this.#series.get(value)
    if (series === undefined) this.#series.set(value, { times })
    else series.times += times
    this.onAdd?.(times, value)
  }

  get sum(): number {
    let sum = 0
    for (const { times } of this.#series.values()) sum += times
    return sum
  }

  lines(name: string): string[] {
    const label = this.#label
    if (label === undefined) return [`${name} ${this.sum}`]
    return [...this.#series].map(([value, { times }]) => `${name}${labelsOf({ [label]: value })} ${times}`)
  }
}

export class Histogram {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  /** `bounds`: the upper bounds of the buckets in seconds, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = [...bounds.map(() => 0), 0]
  }

  observe(seconds: number, times = 1): void {
    const bounds = this.#bounds
    let bucket = 0
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? Infinity)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times
    this.#sum += seconds * times
  }

  lines(name: string): string[] {
    let count = 0
    const buckets = this.#counts.map((n, i) => {
      count += n
      return `${name}_bucket{le="${this.#bounds[i] ?? '+Inf'}"} ${count}`
    })
    return [...buckets, `${name}_sum ${this.#sum}`, `${name}_count ${count}`]
  }
}

export class Metrics {
  readonly published = new Counter()
  readonly delivered = new Counter('transport')
  readonly polls = new Counter('outcome')
  readonly rejected = new Counter('reason')
  readonly gaps = new Counter('reason')
  readonly pollWait = new Histogram(WAITS)
  readonly delivery = new Histogram(DELAYS)
}

/** One metric as text, with its HELP and TYPE. */
export function describe(
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
  lines: readonly string[],
): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}

export function gauge(name: string, value: number, labels: Labels = {}): string[] {
  return [`${name}${labelsOf(labels)} ${value}`]
}

function labelsOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
