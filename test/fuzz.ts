// Compares the fast path with `node:http`: `npm run fuzz`, a million requests; `-- --count 10000 --seed 2` for others,
// `-- --seconds 60` for as many as there is time for. Ends with 1 where the two differ, and says how.

import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz/differ.js'

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      seconds: { type: 'string', default: 'Infinity' },
    },
  })
  const { differences, ...compared } = await fuzz({
    count: Number(values.count),
    seed: Number(values.seed),
    seconds: Number(values.seconds),
  })
  const rate = Math.round(compared.cases / compared.seconds)
  process.stdout.write(`${JSON.stringify({ ...compared, rate, differences }, undefined, 2)}\n`)
  process.exitCode = compared.bugs.length + differences.length === 0 ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
