import { onTestFinished } from 'vitest'
import { Chat } from '../../src/core/chat.js'
import { systemClock, systemRandom } from '../../src/platform.js'
import { memoryStore } from '../../src/stores/memory.js'
import { directoryContract } from './contract.js'

directoryContract('in one process', async (rates) => {
  const chat = new Chat({
    store: memoryStore(500, systemRandom),
    clock: systemClock,
    random: systemRandom,
    ringSize: 500,
    limits: { rooms: 1000, bytes: 1e9, sessions: 1000 },
    rates,
  })
  onTestFinished(() => chat.close())
  return [chat, chat, chat]
})
