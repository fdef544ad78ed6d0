// The driver: a process of its own that runs one scenario against one server and prints the result as JSON.
//
// usage: node dist/bench/driver.js '{"scenario":"fanout-1000","port":8000,"pid":123,"side":"ours","pinned":true,"quick":false}'

import { type Dialect, MINI_CHAT, NCHAN, SOCKET_IO } from './dialects.js'
import { counts } from './http-connection.js'
import { type Run, type Side, SIDES, type Skip } from './scenario.js'
import { SCENARIOS } from './scenarios/index.js'
import { Traffic } from './traffic.js'

export type Job = {
  readonly scenario: string
  readonly port: number
  readonly pid: number
  readonly pinned: boolean
  readonly quick: boolean
  readonly side: Side
}

const DIALECTS = new Map<string, Dialect>([
  ['nchan', NCHAN],
  ['socketio', SOCKET_IO],
])

const { scenario: name, port, pid, pinned, quick, side } = parseJob(JSON.parse(process.argv[2] ?? 'null'))
const scenario = SCENARIOS.find((candidate) => candidate.name === name)
if (scenario === undefined) throw new Error(`there is no scenario ${name}`)

const result = await scenario.run({
  target: { host: '127.0.0.1', port, dialect: DIALECTS.get(side) ?? MINI_CHAT },
  serverPid: pid,
  pinned,
  traffic: new Traffic(),
  warmMs: quick ? 500 : 1500,
  measureMs: quick ? 1000 : 4000,
  quick,
})
const run: Run | Skip = 'skip' in result ? result : { ...result, ...counts }
process.stdout.write(`${JSON.stringify(run)}\n`, () => process.exit(0))

function parseJob(value: unknown): Job {
  if (typeof value !== 'object' || value === null) throw new Error('the job is a JSON object')
  const fields = new Map<string, unknown>(Object.entries(value))
  return {
    scenario: String(fields.get('scenario')),
    port: Number(fields.get('port')),
    pid: Number(fields.get('pid')),
    pinned: fields.get('pinned') === true,
    quick: fields.get('quick') === true,
    side: SIDES.find((one) => one === fields.get('side')) ?? 'ours',
  }
}
