// Latencies, counted in buckets 2 % apart: a million of them take no more room than one, and counting is one
// addition. What it costs: a percentile is exact to 2 %.

const STEPS_PER_DOUBLING = 32
const DOUBLINGS = 30

export class Histogram {
  readonly #counts = new Uint32Array(STEPS_PER_DOUBLING * DOUBLINGS)
  #count = 0
  #max = 0

  add(ms: number): void {
    const micros = ms * 1000
    const bucket = micros <= 1 ? 0 : Math.floor(Math.log2(micros) * STEPS_PER_DOUBLING)
    const index = Math.min(bucket, this.#counts.length - 1)
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#count++
    if (ms > this.#max) this.#max = ms
  }

  /** Milliseconds that a part of all, such as 0.99, did not exceed. 0 when there is nothing. */
  percentile(part: number): number {
    let rest = Math.ceil(part * this.#count)
    for (const [bucket, count] of this.#counts.entries()) {
      rest -= count
      if (rest <= 0 && this.#count > 0) return Math.min(this.#max, 2 ** ((bucket + 1) / STEPS_PER_DOUBLING) / 1000)
    }
    return this.#max
  }

  get max(): number {
    return this.#max
  }

  clear(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#max = 0
  }
}
