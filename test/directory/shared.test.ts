import { systemClock, systemRandom } from '../../src/platform.js'
import { createProcesses } from '../support/shared-people.js'
import { directoryContract } from './contract.js'

directoryContract('in three processes, kept in memory', async (rates) => {
  const { start } = createProcesses(systemClock, systemRandom, rates)
  return [start(), start(), start()]
})
