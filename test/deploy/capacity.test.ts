// The plans of docs/scaling.md and the autoscaler of deploy/kubernetes, simulated with the measured figures.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FIGURES } from '../../bench/figures.js'
import { type Autoscaler, autoscale, bytesOf, coresOf, type Load, planFor, simulate } from '../../bench/plan.js'
import { configOf } from '../../src/command.js'
import { PACKAGE_ROOT } from '../../src/platform.js'
import { manifestsOf } from '../support/manifests.js'
import { chanceFrom } from '../support/random.js'

const MIB = 2 ** 20
const [deployment = expect.unreachable()] = manifestsOf('deployment.yaml')
const [container = expect.unreachable()] = deployment.spec.template?.spec.containers ?? []
const args = container.args ?? []
const flag = (name: string): string => args[args.indexOf(`--${name}`) + 1] ?? expect.unreachable(name)
const { polls, bytes } = configOf({ polls: flag('polls'), bytes: flag('bytes') }, {})

/** What autoscaler.yaml says, and what the deployment requests. */
function deployedAutoscaler(): Autoscaler {
  const spec: AutoscalerSpec = JSON.parse(JSON.stringify(manifestsOf('autoscaler.yaml')[0]?.spec))
  const target = (name: string): number =>
    (spec.metrics.find(({ resource }) => resource.name === name)?.resource.target.averageUtilization ?? NaN) / 100
  const [up, down] = [spec.behavior.scaleUp.policies[0], spec.behavior.scaleDown.policies[0]]
  const { requests } = container.resources
  return {
    least: spec.minReplicas,
    most: spec.maxReplicas,
    cores: Number(/^(\d+)m$/.exec(requests['cpu'] ?? '')?.[1]) / 1000,
    cpuTarget: target('cpu'),
    bytes: Number(/^(\d+)Mi$/.exec(requests['memory'] ?? '')?.[1]) * MIB,
    memoryTarget: target('memory'),
    upPercent: up?.value ?? NaN,
    upSeconds: up?.periodSeconds ?? NaN,
    downPods: down?.value ?? NaN,
    downSeconds: down?.periodSeconds ?? NaN,
    downWindow: spec.behavior.scaleDown.stabilizationWindowSeconds,
  }
}

type Scaling = { readonly policies: readonly { readonly value: number; readonly periodSeconds: number }[] }
type AutoscalerSpec = {
  readonly minReplicas: number
  readonly maxReplicas: number
  readonly metrics: readonly {
    readonly resource: { readonly name: string; readonly target: { readonly averageUtilization: number } }
  }[]
  readonly behavior: {
    readonly scaleUp: Scaling
    readonly scaleDown: Scaling & { readonly stabilizationWindowSeconds: number }
  }
}

const scaler = deployedAutoscaler()
const MILLION: Load = { readers: 1_000_000, roomSize: 1000, roomRate: 1, wait: 25 }

test.each([0, 0.5, 1])(
  'another instance starts before parked readers reach the limit of an instance, with %d of the memory for messages in use',
  (share) => {
    const comePerSecond = 20
    const loadAt = (second: number): Load => ({ ...MILLION, roomRate: 0, readers: second * comePerSecond })
    const looks = autoscale(loadAt, 3 * 3600, scaler, FIGURES, share * bytes)
    for (const { second, instances } of looks)
      if (instances < scaler.most) expect((second * comePerSecond) / instances).toBeLessThan(polls)
    expect(looks.at(-1)?.instances).toBeGreaterThan(5)
  },
)

test('a room that talks makes the autoscaler act by CPU, and a break of five minutes takes nothing away', () => {
  const loadAt = (second: number): Load => {
    const isBreak = second > 1200 && second <= 1500
    return { readers: 2000, roomSize: 1000, roomRate: second < 300 || isBreak ? 0.1 : 20, wait: 25 }
  }
  const looks = autoscale(loadAt, 1800, scaler, FIGURES, 0)
  const at = (second: number): number => looks.findLast((look) => look.second <= second)?.instances ?? 0
  expect(at(299)).toBe(1)
  expect(at(600)).toBeGreaterThan(1)
  expect(Math.min(...looks.filter(({ second }) => second > 600).map(({ instances }) => instances))).toBe(at(600))
  const cpu = coresOf(loadAt(600), FIGURES) / at(600) / scaler.cores
  expect(cpu).toBeLessThanOrEqual(scaler.cpuTarget * 1.1)
})

test('a quiet night brings the instances down to one, one a minute', () => {
  const loadAt = (second: number): Load => ({ ...MILLION, readers: second < 1800 ? 120_000 : 100, roomRate: 0.01 })
  const looks = autoscale(loadAt, 3 * 3600, scaler, FIGURES, 0)
  expect(Math.max(...looks.map(({ instances }) => instances))).toBeGreaterThan(4)
  expect(looks.at(-1)?.instances).toBe(1)
  for (const [i, { instances }] of looks.entries())
    expect((looks[i - 1]?.instances ?? 0) - instances).toBeLessThanOrEqual(1)
})

test('a plan holds when a zone is lost', () => {
  const limits = { polls, share: 0.7, zones: 3 }
  const { instances, withZoneLost } = planFor(MILLION, FIGURES, limits)
  const left = Math.floor((withZoneLost * 2) / 3)
  expect(left).toBeGreaterThanOrEqual(instances)
  const { busiest, mostReaders, p99Ms } = simulate(MILLION, left, FIGURES, 10, chanceFrom(1))
  expect(busiest).toBeLessThan(0.8)
  expect(mostReaders).toBeLessThan(polls)
  expect(p99Ms).toBeLessThan(100)
  expect(bytesOf(mostReaders, bytes, FIGURES)).toBeLessThan(
    MIB * Number(/^(\d+)Gi$/.exec(container.resources.limits['memory'] ?? '')?.[1]) * 1024,
  )
})

test('a plan with half of the instances is seen to fail', () => {
  const { instances } = planFor(MILLION, FIGURES, { polls, share: 0.7, zones: 3 })
  expect(simulate(MILLION, Math.floor(instances / 2), FIGURES, 5, chanceFrom(1)).mostReaders).toBeGreaterThan(polls)
})

test('docs/scaling.md has the figures that the plans are made with, and the plan for a million', () => {
  const text = readFileSync(join(PACKAGE_ROOT, 'docs/scaling.md'), 'utf8')
  const { pollUs, deliveryUs, sendUs, pollBytes, baseBytes } = FIGURES
  for (const figure of [
    `${pollUs} µs`,
    `${deliveryUs} µs`,
    `${sendUs} µs`,
    `${pollBytes / 1024} KiB`,
    `${baseBytes / MIB} MiB`,
  ])
    expect(text).toContain(figure)
  const { instances, because, withZoneLost } = planFor(MILLION, FIGURES, { polls, share: 0.7, zones: 3 })
  const row = text.split('\n').find((line) => line.startsWith('| 1 M in rooms of 1,000, a message a second '))
  const cells = row?.split('|').map((cell) => cell.trim()) ?? []
  expect(cells.slice(2, 5)).toEqual([
    coresOf(MILLION, FIGURES).toFixed(2),
    `${instances} (${because})`,
    String(withZoneLost),
  ])
})
