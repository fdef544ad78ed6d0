// Lesson 8 beside lesson 7: is a message that was acknowledged still there after kill -9?
//
// The kill ends the process and not the machine. That the disk has the bytes after a power
// cut, which is what fsync is for, cannot be seen in this way.

import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { collect, experiment, list, start, step, until } from './lab.mjs'

await experiment({
  title: 'Lesson 8: journal',
  promise: 'a message that was answered with 201 is there after kill -9, and readers go on.',
  on: ['7-herd', '8-journal'],
  async run({ name, read, send }) {
    const folder = mkdtempSync(join(tmpdir(), 'mini-chat-lesson-'))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    const env = { JOURNAL: join(folder, 'journal.ndjson') }
    const { url, port, kill } = await start(name, { env })
    const got = collect(read(url))
    for (const said of ['one', 'two', 'three']) await send(url, said)
    await until(() => got.length === 3)
    step('The server has answered 201 to "one", "two" and "three".')
    await kill()
    step('The server is killed with kill -9.')
    if (existsSync(env.JOURNAL)) {
      appendFileSync(env.JOURNAL, '{"epoch":"k3f9","message":{"id":4,"te')
      step('Half a line is added to the journal, as if the power had gone while it was written.')
    }
    const again = await start(name, { port, env })
    await send(url, 'four')
    step('The server is started again, and the sender says "four".')
    await until(() => got.at(-1)?.text === 'four', 15_000)
    await again.kill()
    await start(name, { port, env })
    step('It is killed and started once more, and asked for everything that it has.')
    const reply = fetch(`${url}/poll`).then((response) => response.json())
    const { messages } = await Promise.race([reply, sleep(3000, { messages: [] })])
    const told = got.some(({ restarted }) => restarted)
      ? 'must begin anew'
      : 'goes on as if nothing had been'
    return {
      kept:
        messages.map(({ id, text }) => id + text).join() === '1one,2two,3three,4four' &&
        got.length === 4,
      found: `The server has ${list(messages)}. The reader ${told}.`,
    }
  },
})
