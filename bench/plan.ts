// How many instances a load needs, and what an autoscaler makes of it: arithmetic alone, fed with measured figures.
//
//     cores     = readers x (pollUs / pause + deliveryUs x messages each hears a second) + sends x sendUs
//     memory    = base + messages held + readers x pollBytes                               of one instance
//     instances = the most of: cores / share, readers / polls an instance parks, memory
//
// `simulate` checks such a plan by events: every message is work for each instance that has readers of its room, and
// an instance does one piece of work after another.

/** What one instance needs, measured on one core. */
export type Figures = {
  /** Processor time of a poll that ends with nothing and is parked again. */
  readonly pollUs: number
  /** Of a message to one parked reader, and the poll that comes back. */
  readonly deliveryUs: number
  readonly sendUs: number
  readonly pollBytes: number
  /** Memory of an instance without readers. */
  readonly baseBytes: number
}

export type Load = {
  readonly readers: number
  /** Readers of one room. */
  readonly roomSize: number
  /** Messages a second into each room. */
  readonly roomRate: number
  /** Seconds that a poll waits. */
  readonly wait: number
}

export type Limits = {
  /** Polls that an instance parks (`--polls`), and the share of them that a plan uses. */
  readonly polls: number
  /** The share of a core that a plan uses. */
  readonly share: number
  /** Instances are spread over so many zones, one of which may be away. */
  readonly zones: number
}

/** The server parks for 85 to 100 % of what was asked. */
const PARKED_SHARE = 0.925

/** Cores that a load takes, over all instances. */
export function coresOf({ readers, roomSize, roomRate, wait }: Load, figures: Figures): number {
  const idle = figures.pollUs / (PARKED_SHARE * wait)
  const sends = (readers / roomSize) * roomRate
  return (readers * (idle + figures.deliveryUs * roomRate) + sends * figures.sendUs) / 1e6
}

/** Memory of an instance with so many readers. */
export function bytesOf(readers: number, messageBytes: number, { baseBytes, pollBytes }: Figures): number {
  return baseBytes + messageBytes + readers * pollBytes
}

export type Plan = { readonly instances: number; readonly withZoneLost: number; readonly because: 'cores' | 'polls' }

/** How many instances a load needs, and how many to run so that a zone may be lost. */
export function planFor(load: Load, figures: Figures, { polls, share, zones }: Limits): Plan {
  const byCores = Math.ceil(coresOf(load, figures) / share)
  const byPolls = Math.ceil(load.readers / (polls * share))
  const instances = Math.max(byCores, byPolls, 1)
  return {
    instances,
    withZoneLost: Math.ceil((instances * zones) / (zones - 1)),
    because: byCores > byPolls ? 'cores' : 'polls',
  }
}

export type Outcome = {
  readonly busiest: number
  readonly mostReaders: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Runs a load on so many instances for some seconds. `random`: from 0 to 1. */
export function simulate(
  load: Load,
  instances: number,
  figures: Figures,
  seconds: number,
  random: () => number,
): Outcome {
  const rooms = Math.ceil(load.readers / load.roomSize)
  const readers = Array.from({ length: rooms }, () => spread(load.roomSize, instances, random))
  const total = Array.from({ length: instances }, (_, i) => readers.reduce((sum, room) => sum + (room[i] ?? 0), 0))
  const idle = total.map((count) => (count * figures.pollUs) / (PARKED_SHARE * load.wait) / 1e6)
  const free = total.map(() => 0)
  const busy = total.map(() => 0)
  const late: number[] = []
  let now = 0
  for (;;) {
    now += -Math.log(1 - random()) / (rooms * load.roomRate)
    if (now >= seconds) break
    const room = readers[Math.floor(random() * rooms)] ?? []
    const sender = Math.floor(random() * instances)
    for (const [i, count] of room.entries()) {
      const work = (count * figures.deliveryUs + (i === sender ? figures.sendUs : 0)) / 1e6 / (1 - (idle[i] ?? 0))
      if (work === 0) continue
      free[i] = Math.max(free[i] ?? 0, now) + work
      busy[i] = (busy[i] ?? 0) + work
      late.push((free[i] ?? 0) - now)
    }
  }
  const sorted = Float64Array.from(late).sort()
  const at = (share: number): number => 1000 * (sorted[Math.floor(sorted.length * share)] ?? 0)
  const busiest = Math.max(...busy.map((work, i) => work / seconds + (idle[i] ?? 0)))
  return { busiest, mostReaders: Math.max(...total), p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** Throws readers onto instances, as a balancer does whose clients come in any order. */
function spread(readers: number, instances: number, random: () => number): number[] {
  const counts = Array.from({ length: instances }, () => 0)
  for (let i = 0; i < readers; i++) {
    const to = Math.floor(random() * instances)
    counts[to] = (counts[to] ?? 0) + 1
  }
  return counts
}

/** The part of a HorizontalPodAutoscaler and its deployment that decides. */
export type Autoscaler = {
  readonly least: number
  readonly most: number
  /** What an instance requests, and the share of it that is aimed at. */
  readonly cores: number
  readonly cpuTarget: number
  readonly bytes: number
  readonly memoryTarget: number
  readonly upPercent: number
  readonly upSeconds: number
  readonly downPods: number
  readonly downSeconds: number
  readonly downWindow: number
}

/** Kubernetes looks every 15 s, and does nothing about a tenth more or less. */
const LOOK_SECONDS = 15
const TOLERANCE = 0.1

/** How many instances there are at each look, for loads that change. It follows the algorithm in Kubernetes' documents. */
export function autoscale(
  loadAt: (second: number) => Load,
  seconds: number,
  scaler: Autoscaler,
  figures: Figures,
  messageBytes: number,
): { readonly second: number; readonly instances: number }[] {
  const looks: { second: number; instances: number }[] = []
  const wanted: { second: number; instances: number }[] = []
  let instances = scaler.least
  for (let second = 0; second <= seconds; second += LOOK_SECONDS) {
    const load = loadAt(second)
    const cpu = coresOf(load, figures) / instances / (scaler.cores * scaler.cpuTarget)
    const memory = bytesOf(load.readers / instances, messageBytes, figures) / (scaler.bytes * scaler.memoryTarget)
    const ratio = Math.max(cpu, memory)
    const want = Math.abs(ratio - 1) <= TOLERANCE ? instances : Math.ceil(instances * ratio)
    wanted.push({ second, instances: Math.min(scaler.most, Math.max(scaler.least, want)) })
    const recent = wanted.filter((one) => one.second > second - scaler.downWindow)
    const before = (ago: number): number =>
      looks.findLast((look) => look.second <= second - ago)?.instances ?? scaler.least
    const up = Math.ceil(before(scaler.upSeconds) * (1 + scaler.upPercent / 100))
    const down = before(scaler.downSeconds) - scaler.downPods
    const asked = wanted.at(-1)?.instances ?? instances
    if (asked > instances) instances = Math.min(asked, Math.max(up, instances))
    else if (asked < instances) instances = Math.max(...recent.map((one) => one.instances), Math.min(down, instances))
    looks.push({ second, instances })
  }
  return looks
}
