// The benchmark: our server beside a plain reference, Socket.IO's polling and, where it is installed, nginx with nchan;
// one Markdown table, as README.md has it.
//
//     for each scenario:   ours, nchan, Socket.IO, reference, ours, nchan …      a fresh server for every run
//
// usage: npm run bench -- [--reps 3] [--only fanout] [--quick] [--nginx DIR]

import { parseArgs } from 'node:util'
import { descriptorLimit, whyTooMany } from './limits.js'
import { findNginx, HOW_TO_GET_NCHAN } from './nchan.js'
import { drive, pinned, startServer } from './processes.js'
import { type Run, type Scenario, type Side, SIDES, type Skip } from './scenario.js'
import { SCENARIOS } from './scenarios/index.js'
import { machine, type Round, type Row, tableOf } from './table.js'
import { wakeTable, wakings } from './wake.js'

const { values } = parseArgs({
  options: {
    reps: { type: 'string' },
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    nginx: { type: 'string', default: '/' },
  },
})
const reps = Math.max(1, Number.parseInt(values.reps ?? (values.quick ? '1' : '3'), 10) || 3)
const { only, quick } = values

/** A run in which others used more than this of the two cores is made again. */
const DISTURBED = 0.08
const TRIES = 3

const chosen = SCENARIOS.filter(({ name, isLong = false }) => name.startsWith(only) && (!isLong || only !== ''))
const withWake = 'wake'.startsWith(only)
if (chosen.length === 0 && !withWake) {
  process.stderr.write(
    `there is no scenario ${JSON.stringify(only)}: ${SCENARIOS.map(({ name }) => name).join(', ')}, wake\n`,
  )
  process.exit(2)
}

const nginx = findNginx(values.nginx)
const limit = descriptorLimit()
const rows: Row[] = []
const skipped: string[] = []
for (const scenario of chosen) {
  const rounds = await roundsOf(scenario)
  if (typeof rounds === 'string') skipped.push(`- ${scenario.name} has no figure: ${rounds}`)
  else rows.push({ scenario, rounds })
}
const waking = withWake ? ['', wakeTable(await wakings())] : []
const command = ['npm run bench', process.argv.slice(2).join(' ')].filter((part) => part !== '').join(' -- ')
const missing = nginx === undefined ? ['', `${HOW_TO_GET_NCHAN}.`] : []
const lines = [
  ...(rows.length > 0 ? [tableOf(rows)] : []),
  ...skipped,
  ...missing,
  ...waking,
  '',
  machine(command, pinned),
  '',
]
process.stdout.write(lines.join('\n'))

/** The rounds, or why there are none. A run that fails is told, and the other scenarios go on. */
async function roundsOf(scenario: Scenario): Promise<Round[] | string> {
  const why = whyTooMany(scenario.sockets, limit)
  if (why !== undefined) return why
  const rounds: Round[] = []
  try {
    while (rounds.length < reps) {
      const round = await runRound(scenario)
      if ('skip' in round) return round.skip
      rounds.push(round)
    }
    return rounds
  } catch (error) {
    process.exitCode = 1
    return `it failed: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Every server that can do it, one right after the other. */
async function runRound(scenario: Scenario): Promise<Round | Skip> {
  const round = new Map<Side, Run>()
  for (const side of SIDES.filter((one) => scenario.sides.includes(one) && (one !== 'nchan' || nginx !== undefined))) {
    const result = await run(scenario, side)
    if ('skip' in result) return result
    round.set(side, result)
  }
  return round
}

async function run(scenario: Scenario, side: Side): Promise<Run | Skip> {
  for (let attempt = 1; ; attempt++) {
    const server = await startServer(side, nginx)
    const { port, pid } = server
    const job = { scenario: scenario.name, port, pid, side, pinned, quick }
    const result = await drive(job, scenario.isLong).finally(() => server.stop())
    if (isSkip(result)) return result
    if (!isResult(result)) throw new Error(`the driver printed no result: ${JSON.stringify(result)}`)
    process.stderr.write(`${scenario.name} ${side}: ${progressOf(result, scenario)}\n`)
    if ((result.usage.foreign ?? 0) < DISTURBED || attempt === TRIES) return result
    process.stderr.write(attempt < TRIES ? 'disturbed by others: once more\n' : '')
  }
}

function progressOf({ figure, p50, p99, max, lost, again, usage, ...connections }: Run, { unit }: Scenario): string {
  const { server = 0, driver, foreign = 0 } = usage
  const each = unit.endsWith('/s') ? `, ${((server * 1e6) / figure).toFixed(1)} µs each` : ''
  const times = [p50, p99, max].map((time) => time.toFixed(1)).join(' / ')
  const cores = `cores: server ${server.toFixed(2)}${each}, driver ${driver.toFixed(2)}, others ${foreign.toFixed(2)}`
  const { reconnects, failures } = connections
  const broken = reconnects + failures > 0 ? `; connected again ${reconnects}, could not ${failures}` : ''
  return `${figure.toFixed(1)}; p50 / p99 / max ${times} ms; lost ${lost}, again ${again}; ${cores}${broken}`
}

function isSkip(value: unknown): value is Skip {
  return typeof value === 'object' && value !== null && 'skip' in value
}

function isResult(value: unknown): value is Run {
  return typeof value === 'object' && value !== null && 'figure' in value && 'usage' in value
}
