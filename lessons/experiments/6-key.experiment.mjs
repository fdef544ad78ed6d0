// Lesson 6 beside lesson 5: how often is a message there whose answer was lost?

import { experiment, list, start, startLosingNetwork, step } from './lab.mjs'

await experiment({
  title: 'Lesson 6: key',
  promise: 'a message that is sent again, since its answer was lost, is there once.',
  on: ['5-epoch', '6-key'],
  async run({ name, send }) {
    const { url } = await start(name)
    const network = await startLosingNetwork(url)
    step(
      'The sender says "10 euros for Bob". The server takes it, and the network loses the answer.',
    )
    await send(network, '10 euros for Bob')
    step('The sender has no answer, so it sends again. This time the answer arrives.')
    const { messages } = await (await fetch(`${url}/poll`)).json()
    return { kept: messages.length === 1, found: `The room has ${list(messages)}.` }
  },
})
